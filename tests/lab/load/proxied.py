"""The proxy as a process, before a server of any transport."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def proxy(*options: str) -> Iterator[str]:
    """The address at which a proxy listens for as long as the block lasts."""
    listen = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
    command = (sys.executable, "-m", "proxy", *listen, *options)
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        yield next(address for line in process.stderr if (address := _listening(line)))
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _listening(line: bytes) -> str:
    """The address, if the line is about being ready."""
    logged = json.loads(line)
    return str(logged["listen"]) if logged.get("event") == "ready" else ""
