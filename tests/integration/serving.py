"""A server as a process that says on its standard error, in a line of JSON, where it listens."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.proxies import DEADLINE_SECONDS, environment


@contextmanager
def serving(*command: str) -> Iterator[str]:
    """Where the server listens, HOST:PORT, for as long as the block lasts."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stderr is not None
        listen: str = json.loads(process.stderr.readline())["listen"]
        rest = threading.Thread(target=process.stderr.read, daemon=True)
        rest.start()
        try:
            yield listen
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE_SECONDS)
            finally:
                process.kill()
                rest.join(DEADLINE_SECONDS)
