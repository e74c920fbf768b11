"""What is soaked: the proxy in front of a streamable HTTP server, and of stdio processes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.proxies import RunningProxy, running

IDLE_SECONDS = 3.0
"""How soon an abandoned session is ended here."""

# A stdio server that starts in no time: answers every request with an empty result.
SCRIPT = r's/.*"id": *\([0-9]*\).*/{"jsonrpc":"2.0","id":\1,"result":{}}/p'


@contextmanager
def echo() -> Iterator[str]:
    """A streamable HTTP server: its endpoint."""
    command = (sys.executable, "-m", "lab.echo", "--transport", "streamable-http")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            yield f"http://{json.loads(server.stderr.readline())['listen']}/mcp"
        finally:
            server.terminate()


@contextmanager
def http(*flags: str) -> Iterator[RunningProxy]:
    """In front of a streamable HTTP server."""
    with (
        echo() as url,
        running("--upstream", url, "--session-idle", f"{IDLE_SECONDS:g}", *flags) as proxy,
    ):
        yield proxy


@contextmanager
def stdio(*flags: str) -> Iterator[RunningProxy]:
    """In front of a process for each session."""
    sed = shutil.which("sed") or "sed"
    idle = ("--session-idle", f"{IDLE_SECONDS:g}", "--max-sessions", "100000")
    with running(*idle, *flags, "--", sed, "-u", "-n", SCRIPT) as proxy:
        yield proxy
