"""`python -m tests.bench.backends`: what a failing telemetry back end costs the calls.

The plain proxy traces every call and pushes its metrics each second, to a collector that is well
and to others that are not, in turn. Ratios are within a round, to the one that is well.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from proxy.telemetry.catalogue import TELEMETRY_DROPPED
from tests.bench import load, machine, nginx, ours
from tests.bench.latency import RATE
from tests.bench.load import Answered
from tests.bench.programs import Failed, Missing, Programs, find, free_port

WARM_SECONDS = 1
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BackEnd:
    """A collector that answers everything so, after so many seconds; without a status it is gone.

    `well` stands for the one that is as it should be.
    """

    name: str
    status: int = 200
    body: bytes = b""
    seconds: float = 0.0
    retry_after: str = ""
    well: bool = False


BACK_ENDS = (
    BackEnd("is well", well=True),
    BackEnd("refuses connections", status=0),
    BackEnd("answers after 2 s", seconds=2.0),
    BackEnd("never answers", seconds=3600.0),
    BackEnd("asks for patience (503, Retry-After: 1)", status=503, retry_after="1"),
    BackEnd("takes it for a web page", body=b"<html>Welcome</html>"),
    BackEnd("answers with 10 MB", body=b"x" * 10_000_000),
    BackEnd("refuses one span of each batch", body=b"\n\x02\x08\x01"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: latency, CPU seconds per call, peak memory in bytes, and what was lost."""

    answered: Answered
    cpu_seconds: float
    peak: int
    lost: float


@contextmanager
def serving(back_end: BackEnd) -> Iterator[str]:
    """The address of a collector that behaves so."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            over.wait(back_end.seconds)
            self.send_response(back_end.status)
            self.send_header("Content-Length", str(len(back_end.body)))
            if back_end.retry_after:
                self.send_header("Retry-After", back_end.retry_after)
            self.end_headers()
            self.wfile.write(back_end.body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the report clean."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """The proxy hangs up on who talks too much."""

    if not back_end.status:
        yield f"http://127.0.0.1:{free_port()}"
        return
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        over.set()
        server.shutdown()


def measure(programs: Programs, upstream: int, back_end: BackEnd, seconds: int) -> Measured:
    """One run. Raises Failed if a call failed."""
    with serving(back_end) as address:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
            "OTEL_TRACES_SAMPLER": "always_on",
        }
        arguments = ("--upstream", f"http://127.0.0.1:{upstream}/200B")
        with ours.proxy(programs, arguments, environment) as proxy:
            url = f"http://127.0.0.1:{proxy.port}/200B"
            load.paced(programs, url, RATE, WARM_SECONDS)
            before = machine.cpu_seconds(proxy.process.pid)
            answered = load.paced(programs, url, RATE, seconds)
            used = machine.cpu_seconds(proxy.process.pid) - before
            peak = machine.peak_memory(proxy.process.pid)
            lost = proxy.total(TELEMETRY_DROPPED.series)
            return Measured(answered, used / answered.calls, peak, lost)


def table(rounds: list[dict[BackEnd, Measured]]) -> str:
    """A row for each back end: medians over the rounds."""
    lines = [
        "| the back end | p50 | p99 | ratio of p50 | of p99 | CPU per call | peak memory | lost |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for back_end in BACK_ENDS:
        runs = [each[back_end] for each in rounds]
        pairs = [(each[back_end].answered, each[BACK_ENDS[0]].answered) for each in rounds]
        cells = (
            f"{median(run.answered.p50 for run in runs) * 1e3:.2f} ms",
            f"{median(run.answered.p99 for run in runs) * 1e3:.2f} ms",
            f"{median(it.p50 / well.p50 for it, well in pairs):.2f}",
            f"{median(it.p99 / well.p99 for it, well in pairs):.2f}",
            f"{median(run.cpu_seconds for run in runs) * 1e6:.0f} us",
            f"{max(run.peak for run in runs) / MIB:.0f} MiB",
            f"{median(run.lost for run in runs):.0f}",
        )
        lines.append(f"| {back_end.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    """Print the machine and a table; 2 if a program is missing, 1 if a call failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backends", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each back end (3)")
    parser.add_argument("--seconds", type=int, default=10, help="length of a run (10)")
    arguments = parser.parse_args()
    try:
        programs = find(os.environ.get("PATH", ""))
        print(machine.describe())
        # The back ends are threads of this process: they must not disturb what is measured.
        os.sched_setaffinity(0, {programs.load_core})
        began, rounds = time.monotonic(), list[dict[BackEnd, Measured]]()
        with (
            tempfile.TemporaryDirectory(prefix="mcp-bench-") as name,
            nginx.upstream(programs, Path(name)) as port,
        ):
            for number in range(arguments.rounds):
                print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
                runs = [measure(programs, port, each, arguments.seconds) for each in BACK_ENDS]
                rounds.append(dict(zip(BACK_ENDS, runs, strict=True)))
    except (Missing, Failed) as error:
        print(f"backends: {error}", file=sys.stderr)
        return 2 if isinstance(error, Missing) else 1
    took = time.monotonic() - began
    print(f"\n{table(rounds)}\n\n{RATE} calls a second, all traced; {took:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
