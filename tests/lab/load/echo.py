"""The echo server as a process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def echo(*options: str) -> Iterator[str]:
    """Where an echo server listens for as long as the block lasts."""
    command = (sys.executable, "-m", "lab.echo", "--transport", "streamable-http", *options)
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        yield json.loads(process.stderr.readline())["listen"]
    finally:
        process.terminate()
        process.communicate(timeout=30)
