"""A demo as its users run it: a process, what it prints, the processes it started."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.waiting import until

DEADLINE_SECONDS = 60.0
_MARK = "MCP_LAB_TEST_RUN"


class Demo:
    """A started demo; its output comes line by line, both streams together."""

    def __init__(self, process: "subprocess.Popen[str]", mark: str) -> None:
        self.process = process
        self.lines: list[str] = []
        self._mark = mark
        self._unread: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, text: str) -> None:
        """Wait for a line that has the text in it."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not any(text in line for line in self.lines):
            try:
                self.lines.append(self._unread.get(timeout=deadline - time.monotonic()))
            except (queue.Empty, ValueError):
                raise AssertionError(f"no {text!r} in {self.lines}") from None

    def ended(self, seconds: float = DEADLINE_SECONDS) -> int:
        """Wait for the demo to end: its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(DEADLINE_SECONDS)
        while not self._unread.empty():
            self.lines.append(self._unread.get())
        return code

    def output(self) -> str:
        return "".join(self.lines)

    def part(self, program: str) -> psutil.Process:
        """The demo's child whose program has this name."""
        children = psutil.Process(self.process.pid).children()
        [found] = [each for each in children if each.name() == program]
        return found

    def echo(self, transport: str, *, unlike: psutil.Process | None = None) -> psutil.Process:
        """Wait for an echo server of the demo's, or its children's, that is not `unlike`."""

        def found() -> psutil.Process | None:
            below = psutil.Process(self.process.pid).children(recursive=True)
            return next((x for x in below if x != unlike and _is_echo(x, transport)), None)

        return until(found, seconds=DEADLINE_SECONDS, what=f"an echo server over {transport}")

    def left_over(self) -> list[psutil.Process]:
        """Every process that this demo or its children started and that still runs."""
        return [each for each in psutil.process_iter() if self._is_ours(each)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_MARK) == self._mark
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._unread.put(line)


def _is_echo(process: psutil.Process, transport: str) -> bool:
    try:
        _, *words = process.cmdline() or [""]
    except psutil.NoSuchProcess:
        return False
    return words[:4] == ["-m", "lab.echo", "--transport", transport]


@contextmanager
def demo(*arguments: str, **variables: str) -> Iterator[Demo]:
    """A demo in its own process group, as a terminal would start it; ended if it still runs."""
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        (sys.executable, "-m", "lab.demo", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **variables, _MARK: mark},
        start_new_session=True,
    ) as process:
        running = Demo(process, mark)
        try:
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            running.ended()
