"""Run the reference server over streamable HTTP on a free port of loopback, or over stdio.

What others have to know is told on stderr as a line of JSON: the address, or that the nursery
of stdio servers is open.
"""

import argparse
import asyncio
import json
import socket
import sys
from pathlib import Path

import uvicorn
from mcp.server.lowlevel import NotificationOptions
from mcp.server.stdio import stdio_server

from tests.conformance.reference.events import Events
from tests.conformance.reference.nursery import nurse
from tests.conformance.reference.server import reference

RETRY_MILLISECONDS = 50
"""How soon a client whose stream was closed comes back."""


async def _serve_stdio() -> None:
    server = reference()
    changes = NotificationOptions(prompts_changed=True, tools_changed=True)
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options(changes))


async def _serve_http() -> None:
    app = reference().streamable_http_app(event_store=Events(), retry_interval=RETRY_MILLISECONDS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _tell_ready(f"127.0.0.1:{listener.getsockname()[1]}")
        # h11 trims header values as RFC 9110 5.5 asks; uvicorn's own choice, httptools, does not.
        settings = uvicorn.Config(app, http="h11", log_level="error", timeout_graceful_shutdown=1)
        await uvicorn.Server(settings).serve(sockets=[listener])


def _tell_ready(listen: str) -> None:
    print(json.dumps({"event": "ready", "listen": listen}), file=sys.stderr, flush=True)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.reference")
    parser.add_argument("--transport", choices=("stdio", "streamable-http"), required=True)
    parser.add_argument("--nursery", type=Path, help="for stdio: a socket for launchers")
    arguments = parser.parse_args()
    if arguments.transport == "streamable-http":
        asyncio.run(_serve_http())
    elif arguments.nursery is None:
        asyncio.run(_serve_stdio())
    else:
        nurse(arguments.nursery, lambda: asyncio.run(_serve_stdio()), _tell_ready)


if __name__ == "__main__":
    _main()
