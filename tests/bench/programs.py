"""The programs a bench needs, where they run, and how they are started and ended."""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.bench import machine
from tests.waiting import NeverHappened, until

START_SECONDS = 10.0
STOP_SECONDS = 10.0

# Debian keeps nginx where only root's PATH looks.
_SBIN = "/usr/sbin"

_PACKAGES = {"nginx": "nginx-light", "wrk": "wrk", "taskset": "util-linux", "cc": "gcc libc6-dev"}


class Missing(Exception):
    """The bench cannot run here; the message says what to install or change."""


class Failed(Exception):
    """A part of the bench did not do what it was started for."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs; one core for load and upstream, the other for what is tested."""

    nginx: str
    wrk: str
    taskset: str
    cc: str
    load_core: int
    tested_core: int

    def on_load_core(self, *command: str) -> tuple[str, ...]:
        """The command, bound to the core of the load."""
        return (self.taskset, "-c", str(self.load_core), *command)

    def on_tested_core(self, *command: str) -> tuple[str, ...]:
        """The command, bound to the core of what is tested."""
        return (self.taskset, "-c", str(self.tested_core), *command)


def find(path: str) -> Programs:
    """The programs on this search path. Raises Missing."""
    found = {name: shutil.which(name, path=f"{path}:{_SBIN}") for name in _PACKAGES}
    for name, where in found.items():
        if where is None:
            package = _PACKAGES[name]
            raise Missing(f"{name} is not on PATH: install it (Debian: apt-get install {package})")
    cores = machine.cores()
    if len(cores) < 2:
        raise Missing(f"{len(cores)} core to run on: the bench needs 2, one for the load")
    paths = {name: str(where) for name, where in found.items()}
    return Programs(**paths, load_core=cores[0], tested_core=cores[1])


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block. `taskset` execs, so its pid is the command's."""
    process = subprocess.Popen(
        command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_listening(process: subprocess.Popen[str], port: int) -> None:
    """Return once the process accepts connections. Raises Failed if it ends or takes too long."""
    with suppress(NeverHappened):
        until(lambda: _accepts(port) or process.poll() is not None, seconds=START_SECONDS)
    if not _accepts(port):
        raise Failed(f"{process.args!r} does not listen on 127.0.0.1:{port}")


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
