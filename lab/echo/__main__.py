"""Run the echo server until standard input ends (stdio) or a signal arrives."""

import argparse
import os
import sys
from collections.abc import Sequence

from lab.arguments import Parser, UsageError
from lab.echo import serve
from lab.echo.faults import faulty_handle
from lab.echo.handler import Handler, traced_handler
from lab.echo.messages import log_notification
from lab.echo.request import Answers
from lab.echo.streamable_http import Server
from lab.tracing import tracing

PROGRAM = "python -m lab.echo"

SERVICE = "echo"
"""Its service name in traces; a proxy's child inherits that of the proxy in its environment."""


def _arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog=PROGRAM, description=__doc__)
    parser.add_argument("--transport", choices=("stdio", "sse", "streamable-http"), required=True)
    parser.add_argument(
        "--listen",
        type=serve.listen_address,
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


def main() -> int:
    """Return the exit code: 2 for a usage error, such as an address that cannot be listened on."""
    try:
        arguments = _arguments(sys.argv[1:])
    except UsageError as mistake:
        print(f"{PROGRAM}: {mistake}", file=sys.stderr)
        return 2
    own = tracing(SERVICE, os.environ)
    try:
        return _serve(arguments, traced_handler(own, faulty_handle(os.environ)))
    finally:
        own.shutdown()


def _serve(arguments: argparse.Namespace, handle: Handler) -> int:
    try:
        match arguments.transport:
            case "stdio":
                serve.serve_stdio(handle)
            case "sse":
                serve.serve_sse(arguments.listen, handle)
            case _:
                opening = log_notification("stream opened")
                server = Server(Answers(arguments.answers), handle, opening=opening)
                serve.serve_streamable_http(arguments.listen, server)
    except OSError as wrong:
        print(f"{PROGRAM}: --listen {serve.listen_error(arguments.listen, wrong)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
