"""Writes the faults that are on into the file of a running demo, and what the demo has to end.

`lab.fault` writes it; the demo's servers and the demo itself read it. A writer that is killed
leaves it as it was.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from proxy.faults.injections import Faults, Injection, read

FAULTS_FILE, _APPLIED, _LOCK = "faults.json", "faults-applied.json", "faults.lock"

FAULTS_VARIABLE, SERVER_VARIABLE = "MCP_LAB_FAULTS", "MCP_LAB_SERVER"
"""The environment of a server of the demo: the path of the file, and the server's name."""


def change(path: Path, changed: Callable[[Faults], Faults]) -> Faults:
    """Replace the content by what the function makes of it; returns that. Raises OSError."""
    with _locked(path):
        content = changed(read(path))
        _replace(path, msgspec.json.encode(content))
    return content


def write_applied(path: Path, injections: Iterable[Injection]) -> None:
    """Note beside the file which injections the demo itself has to end."""
    _replace(path.with_name(_APPLIED), msgspec.json.encode(tuple(injections)))


def applied(path: Path) -> tuple[Injection, ...]:
    """What `write_applied` noted."""
    try:
        content = path.with_name(_APPLIED).read_bytes()
        return msgspec.json.decode(content, type=tuple[Injection, ...])
    except (OSError, msgspec.DecodeError):
        return ()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(_LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)
