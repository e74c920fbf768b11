"""Run the echo server until standard input ends (stdio) or a signal arrives."""

import argparse
import asyncio
import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvloop

from lab.arguments import Parser, UsageError
from lab.echo import stdio
from lab.echo.handler import Handler, traced_handler
from lab.echo.http import HttpConnection
from lab.echo.request import Answers
from lab.echo.sse import Sessions, SseConnection
from lab.echo.streamable_http import Connection, Server
from lab.tracing import tracing

PROGRAM = "python -m lab.echo"

SERVICE = "echo"
"""Its service name in traces; a proxy's child inherits that of the proxy in its environment."""


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        allowed = "HOST:PORT such as 127.0.0.1:8080; port 0 takes a free one"
        raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
    return host, int(port)


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog=PROGRAM, description=__doc__)
    parser.add_argument("--transport", choices=("stdio", "sse", "streamable-http"), required=True)
    parser.add_argument(
        "--listen",
        type=_address,
        default=("127.0.0.1", 0),
        metavar="HOST:PORT",
        help="port 0 (default) takes a free one; the path is /mcp, or /sse for sse",
    )
    parser.add_argument(
        "--answers",
        choices=tuple(each.value for each in Answers),
        default=Answers.JSON.value,
        help="how streamable-http answers a client that accepts both (default json)",
    )
    return parser.parse_args(given)


def _connections(transport: str, answers: Answers, handle: Handler) -> Callable[[], HttpConnection]:
    """The factory of protocols for client connections."""
    if transport == "sse":
        sessions: Sessions = {}
        return lambda: SseConnection(sessions, handle)
    shared = Server(answers, handle)
    return lambda: Connection(shared)


async def _serve_http(address: tuple[str, int], connect: Callable[[], HttpConnection]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connect, *address)
    host, port = server.sockets[0].getsockname()[:2]
    print(json.dumps({"event": "ready", "listen": f"{host}:{port}"}), file=sys.stderr, flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()


def main() -> int:
    """Return the exit code: 2 for a usage error, such as an address that cannot be listened on."""
    try:
        arguments = _arguments(sys.argv[1:])
    except UsageError as mistake:
        print(f"{PROGRAM}: {mistake}", file=sys.stderr)
        return 2
    own = tracing(SERVICE, os.environ)
    try:
        return _serve(arguments, traced_handler(own))
    finally:
        own.shutdown()


def _serve(arguments: argparse.Namespace, handle: Handler) -> int:
    if arguments.transport == "stdio":
        with suppress(KeyboardInterrupt):
            uvloop.run(stdio.serve(handle))
        return 0
    try:
        connect = _connections(arguments.transport, Answers(arguments.answers), handle)
        uvloop.run(_serve_http(arguments.listen, connect))
    except OSError as wrong:
        host, port = arguments.listen
        print(f"{PROGRAM}: --listen {host}:{port}: {_why(wrong)}", file=sys.stderr)
        return 2
    return 0


def _why(wrong: OSError) -> str:
    if wrong.errno == errno.EADDRINUSE:
        return "the address is in use; port 0 takes a free one"
    return wrong.strerror or str(wrong)


if __name__ == "__main__":
    sys.exit(main())
