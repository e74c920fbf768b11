"""A recording as its users make it: a process before a server."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RECORD = (sys.executable, "-m", "lab.record")


@contextmanager
def recording(file: Path, *options: str) -> Iterator[str]:
    """The base URL for clients; what came through is in the file after the block."""
    process = subprocess.Popen((*RECORD, str(file), *options), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"(http://\S+)/mcp or ", line)
        assert found, line + process.stderr.read()
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, str(file) in errors) == (0, True), errors
