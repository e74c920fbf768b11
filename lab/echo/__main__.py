"""Run the echo server until standard input ends (stdio) or a signal arrives."""

import argparse
import asyncio
import json
import signal
import sys
from contextlib import suppress

import uvloop

from lab.echo import stdio
from lab.echo.request import Answers
from lab.echo.streamable_http import Connection, Server


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not host:port")
    return host, int(port)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.echo", description=__doc__)
    parser.add_argument("--transport", choices=("stdio", "streamable-http"), required=True)
    parser.add_argument(
        "--listen",
        type=_address,
        default=("127.0.0.1", 0),
        metavar="HOST:PORT",
        help="for streamable-http; port 0 (default) takes a free one; the path is /mcp",
    )
    parser.add_argument(
        "--answers",
        type=Answers,
        choices=tuple(Answers),
        default=Answers.JSON,
        help="how streamable-http answers a client that accepts both (default json)",
    )
    return parser.parse_args()


async def _serve_http(address: tuple[str, int], answers: Answers) -> None:
    loop = asyncio.get_running_loop()
    shared = Server(answers)
    server = await loop.create_server(lambda: Connection(shared), *address)
    host, port = server.sockets[0].getsockname()[:2]
    print(json.dumps({"event": "ready", "listen": f"{host}:{port}"}), file=sys.stderr, flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()


def main() -> int:
    """Return the exit code: 2 when the address cannot be had."""
    arguments = _arguments()
    if arguments.transport == "stdio":
        with suppress(KeyboardInterrupt):
            uvloop.run(stdio.serve())
        return 0
    try:
        uvloop.run(_serve_http(arguments.listen, arguments.answers))
    except OSError as wrong:
        host, port = arguments.listen
        print(f"echo: --listen {host}:{port}: {wrong.strerror or wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
