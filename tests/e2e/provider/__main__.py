"""`python -m tests.e2e.provider --helm PATH [--await] [ENGINE]`: serve until the engine goes away.

The engine starts its plugins so, and reads the port from the first line of standard output.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from concurrent import futures
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from tests.e2e.provider.servicer import Servicer

THREADS = 16
ORPHAN_CHECK_SECONDS = 1.0
# The engine's own limit for one message.
MESSAGE_BYTES = 400 * 1024 * 1024


def main(arguments: list[str]) -> int:
    options = _parsed(arguments)
    engine = os.getppid()
    stopped, cancelled = threading.Event(), threading.Event()
    # The engine gives plugins a process group of their own, which Ctrl-C does not reach, and ends
    # them with SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with tempfile.TemporaryDirectory(prefix="provider-") as folder:
        server = _server(
            Servicer(
                helm=options.helm,
                awaiting=options.awaiting,
                folder=Path(folder),
                environment=os.environ,
                cancelled=cancelled,
            )
        )
        while os.getppid() == engine and not stopped.wait(ORPHAN_CHECK_SECONDS):
            pass
        cancelled.set()
        server.stop(grace=None)
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.provider", description=__doc__)
    parser.add_argument("--helm", type=Path, required=True, help="the helm binary")
    parser.add_argument(
        "--await", dest="awaiting", action="store_true", help="wait until what is made is ready"
    )
    parser.add_argument("engine", nargs="*", help="the engine's address (unused)")
    return parser.parse_known_args(arguments)[0]


def _server(servicer: Servicer) -> grpc.Server:
    options = [(f"grpc.max_{way}_message_length", MESSAGE_BYTES) for way in ("send", "receive")]
    server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    return server


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
