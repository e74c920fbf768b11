"""A proxy as its users run it: a process, its ports, its log, its /metrics."""

import json
import os
import select
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.waiting import NeverHappened, until

DEADLINE_SECONDS = 30.0
PIPE_BYTES = 65_536
"""What Linux keeps of what is written to a pipe and not read yet (pipe(7))."""


def eventually(condition: Callable[[], Any], what: str) -> Any:
    """Wait until `condition` holds, and return what it returned."""
    return until(condition, seconds=DEADLINE_SECONDS, what=what)


def written_when_held_back(pid: int) -> int:
    """Wait until a process that writes much is read no more: how many bytes it wrote.

    It then sleeps; one that only waits for a processor does not.
    """
    process, written = psutil.Process(pid), Counter[int]()

    def held_back() -> bool:
        bytes_so_far = process.io_counters().write_chars
        if bytes_so_far > PIPE_BYTES and process.status() == psutil.STATUS_SLEEPING:
            written[bytes_so_far] += 1
        return bool(written) and max(written.values()) > 25

    eventually(held_back, "the server to be held back")
    return max(written)


class ProxyLog:
    """The lines that a process writes to a pipe: read as they come, and whenever asked for."""

    def __init__(self, pipe: IO[str]) -> None:
        # The thread may outlive the process, whose owner closes the pipe.
        self._descriptor = os.dup(pipe.fileno())
        os.set_blocking(self._descriptor, False)
        self._rest = b""
        self._lines: list[dict[str, Any]] = []
        self._reading = threading.Lock()
        self._reader = threading.Thread(target=self._run, daemon=True)
        self._ended = False
        self._reader.start()

    def lines(self) -> list[dict[str, Any]]:
        """All that were written before the call."""
        with self._reading:
            self._read()
            return list(self._lines)

    def join(self) -> None:
        """Wait until no process can write any more."""
        self._reader.join(DEADLINE_SECONDS)

    def _run(self) -> None:
        readable = select.poll()
        readable.register(self._descriptor, select.POLLIN)
        while not self._ended:
            readable.poll()
            with self._reading:
                self._read()
        os.close(self._descriptor)

    def _read(self) -> None:
        """Read what is there."""
        with suppress(BlockingIOError):
            while not self._ended:
                data = os.read(self._descriptor, 65536)
                *whole, self._rest = (self._rest + data).split(b"\n")
                self._lines += map(json.loads, whole)
                self._ended = not data


class RunningProxy:
    """A started proxy."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stderr is not None
        self._log = ProxyLog(process.stderr)
        ready = eventually(lambda: self.logged("ready") or process.poll(), "the ready line")
        assert isinstance(ready, list), f"the proxy ended with {ready}: {self.log}"
        self.mcp: str = ready[0]["listen"]
        self.metrics: str = ready[0]["metrics"]

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of its log so far."""
        return self._log.lines()

    @property
    def url(self) -> str:
        """Where a client calls."""
        return f"http://{self.mcp}/mcp"

    @property
    def port(self) -> int:
        """The port of the MCP endpoint."""
        return int(self.mcp.rpartition(":")[2])

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The log lines of that event."""
        return [line for line in self.log if line["event"] == event]

    def get(self, path: str) -> requests.Response:
        """A page of the admin side."""
        return requests.get(f"http://{self.metrics}{path}", timeout=DEADLINE_SECONDS)

    def value(self, series: str, **labels: str) -> float:
        """The sum of a series' samples that carry the labels."""
        samples = (
            sample
            for family in text_string_to_metric_families(self.get("/metrics").text)
            for sample in family.samples
        )
        return sum(
            sample.value
            for sample in samples
            if sample.name == series and labels.items() <= sample.labels.items()
        )

    def outcomes(self) -> dict[tuple[str, str, str], int]:
        """Calls counted by (method, outcome, fault), without zeros."""
        return {
            (sample.labels["mcp_method"], sample.labels["outcome"], sample.labels["fault"]): int(
                sample.value
            )
            for family in text_string_to_metric_families(self.get("/metrics").text)
            for sample in family.samples
            if sample.name == "mcp_proxy_outcomes_total" and sample.value
        }

    def counted(self, expected: dict[tuple[str, str, str], int]) -> None:
        """Wait until exactly these outcomes are counted."""
        with suppress(NeverHappened):
            eventually(lambda: self.outcomes() == expected, "the outcomes")
        assert self.outcomes() == expected

    def ended(self) -> int:
        """Wait for the process to end: its exit code."""
        code = self.process.wait(DEADLINE_SECONDS)
        self._log.join()
        return code


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without settings of the proxy, and with `variables`."""
    foreign = ("OTEL_", "MCP_PROXY_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return {**kept, **variables}


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[RunningProxy]:
    """A proxy on free ports, with arguments and environment variables; killed at the end."""
    with launched((sys.executable, "-m", "proxy"), *arguments, **variables) as proxy:
        yield proxy


@contextmanager
def launched(program: tuple[str, ...], *arguments: str, **variables: str) -> Iterator[RunningProxy]:
    """The same, by a command of its own; with `--stdio` its stdin and stdout are pipes."""
    pipe = subprocess.PIPE if "--stdio" in arguments else None
    ports = ("--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0")
    with subprocess.Popen(
        (*program, *ports, *arguments),
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    ) as process:
        try:
            proxy = RunningProxy(process)
            yield proxy
            process.terminate()
            proxy.ended()
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE_SECONDS)
            finally:
                process.kill()
