"""Serve a handler of messages on a transport until its input ends or a signal arrives."""

import argparse
import asyncio
import errno
import json
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import uvloop

from lab.echo import stdio
from lab.echo.handler import Handler
from lab.echo.http import HttpConnection
from lab.echo.sse import Sessions, SseConnection
from lab.echo.streamable_http import Connection, Server


def listen_address(text: str) -> tuple[str, int]:
    """The value of --listen."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        allowed = "HOST:PORT such as 127.0.0.1:8080; port 0 takes a free one"
        raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
    return host, int(port)


def serve_stdio(handle: Handler) -> None:
    """Serve the client that started this process."""
    with suppress(KeyboardInterrupt):
        uvloop.run(stdio.serve(handle))


def serve_sse(address: tuple[str, int], handle: Handler) -> None:
    """Serve HTTP+SSE. Raises OSError if the address cannot be listened at."""
    sessions: Sessions = {}
    _serve_http(address, lambda: SseConnection(sessions, handle))


def serve_streamable_http(address: tuple[str, int], server: Server) -> None:
    """Serve streamable HTTP. Raises OSError if the address cannot be listened at."""
    _serve_http(address, lambda: Connection(server))


def _serve_http(address: tuple[str, int], connect: Callable[[], HttpConnection]) -> None:
    """`connect` is the factory of protocols for client connections."""
    uvloop.run(_listen(address, connect))


async def _listen(address: tuple[str, int], connect: Callable[[], HttpConnection]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connect, *address)
    host, port = server.sockets[0].getsockname()[:2]
    print(json.dumps({"event": "ready", "listen": f"{host}:{port}"}), file=sys.stderr, flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()


def listen_error(address: tuple[str, int], wrong: OSError) -> str:
    """Why an address cannot be listened at."""
    host, port = address
    return f"{host}:{port}: {_why(wrong)}"


def _why(wrong: OSError) -> str:
    if wrong.errno == errno.EADDRINUSE:
        return "the address is in use; port 0 takes a free one"
    return wrong.strerror or str(wrong)
