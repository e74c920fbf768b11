# mypy: allow-subclassing-any
"""Refuses every request at the given addresses: HTTP by 503, gRPC by UNAVAILABLE.

A stand-in for a part of the pipeline that is there, but takes nothing.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc  # type: ignore[import-untyped]  # its stubs are a package of their own

from lab.arguments import Parser, UsageError
from lab.echo.serve import listen_address

TEXT = "refused, by an injected fault"


class _Refusing(BaseHTTPRequestHandler):
    """Answers any method with 503, and closes the connection."""

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if self.raw_requestline and self.parse_request():
            self.send_error(503, TEXT)
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Unavailable(grpc.GenericRpcHandler):
    """Answers every method with UNAVAILABLE."""

    def service(self, handler_call_details: object) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(_refuse)


def _refuse(request: bytes, context: grpc.ServicerContext) -> None:
    context.abort(grpc.StatusCode.UNAVAILABLE, TEXT)


def main(arguments: Sequence[str]) -> int:
    """Refuse until a signal; the exit code is 2 for a usage error."""
    parser = Parser(prog="python -m lab.faults.refuse", description=__doc__)
    address = "HOST:PORT"
    parser.add_argument("--http", type=listen_address, action="append", default=[], metavar=address)
    parser.add_argument("--grpc", action="append", default=[], metavar=address)
    try:
        given: argparse.Namespace = parser.parse_args(arguments)
    except UsageError as mistake:
        print(f"{parser.prog}: {mistake}", file=sys.stderr)
        return 2
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    grpc_server = grpc.server(ThreadPoolExecutor(2), handlers=(_Unavailable(),))
    for each in given.grpc:
        grpc_server.add_insecure_port(each)
    grpc_server.start()
    for each in given.http:
        threading.Thread(target=_Server(each, _Refusing).serve_forever, daemon=True).start()
    stopped.wait()
    grpc_server.stop(grace=None)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
