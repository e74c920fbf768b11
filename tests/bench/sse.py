"""The server of HTTP+SSE: the lab's echo server, since nginx cannot speak it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.ours import ROOT
from tests.bench.programs import Programs, free_port, running, wait_listening


@contextmanager
def server(programs: Programs) -> Iterator[int]:
    """Its port; the stream is at /sse."""
    port = free_port()
    command = programs.on_load_core(
        *(sys.executable, "-m", "lab.echo", "--transport", "sse"),
        *("--listen", f"127.0.0.1:{port}"),
    )
    with running(command, os.environ, ROOT) as process:
        wait_listening(process, port)
        yield port
