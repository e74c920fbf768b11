"""Run the reference server over stdio, or on a free port of loopback over one of MCP's HTTPs.

What others have to know is a line of JSON on stderr: the address, or that the nursery
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
from mcp.server.sse import SseServerTransport
from mcp.server.stdio import stdio_server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

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


def _sse_app() -> Starlette:
    server, transport = reference(), SseServerTransport("/messages/")

    async def stream(request: Request) -> Response:
        changes = NotificationOptions(prompts_changed=True, tools_changed=True)
        options = server.create_initialization_options(changes)
        async with transport.connect_sse(request.scope, request.receive, request._send) as streams:
            await server.run(streams[0], streams[1], options)
        return Response()

    messages = Mount("/messages/", app=transport.handle_post_message)
    return Starlette(routes=[Route("/sse", endpoint=stream, methods=["GET"]), messages])


def _streamable_app() -> Starlette:
    return reference().streamable_http_app(event_store=Events(), retry_interval=RETRY_MILLISECONDS)


async def _serve_http(app: Starlette) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _tell_ready(f"127.0.0.1:{listener.getsockname()[1]}")
        # h11 trims header values as RFC 9110 5.5 asks; uvicorn's own choice, httptools, does not.
        settings = uvicorn.Config(app, http="h11", log_level="error", timeout_graceful_shutdown=1)
        await uvicorn.Server(settings).serve(sockets=[listener])


def _tell_ready(listen: str) -> None:
    print(json.dumps({"event": "ready", "listen": listen}), file=sys.stderr, flush=True)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.reference")
    parser.add_argument("--transport", choices=("stdio", "sse", "streamable-http"), required=True)
    parser.add_argument("--nursery", type=Path, help="for stdio: a socket for launchers")
    arguments = parser.parse_args()
    if arguments.transport == "streamable-http":
        asyncio.run(_serve_http(_streamable_app()))
    elif arguments.transport == "sse":
        asyncio.run(_serve_http(_sse_app()))
    elif arguments.nursery is None:
        asyncio.run(_serve_stdio())
    else:
        nurse(arguments.nursery, lambda: asyncio.run(_serve_stdio()), _tell_ready)


if __name__ == "__main__":
    _main()
