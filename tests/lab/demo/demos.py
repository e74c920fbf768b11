"""A demo as its users run it, or what watches one: a process, its output and its children."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil

from lab.local import running_demo
from tests.lab.terminal import Terminal, environment
from tests.waiting import until

DEADLINE_SECONDS = 60.0
_MARK = "MCP_LAB_TEST_RUN"
_WATCH = """
import sys
from pathlib import Path
from lab.watch.run import main
sys.exit(main(sys.argv[2:], Path(sys.argv[1])))
"""


class Demo:
    """A started demo; its output comes line by line, both streams together."""

    def __init__(self, process: "subprocess.Popen[str]", mark: str, output: Iterable[str]) -> None:
        self.process = process
        self._output = output
        self.lines: list[str] = []
        self._mark = mark
        self._unread: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, text: str, times: int = 1) -> None:
        """Wait for a line that has the text in it, or for so many."""
        self.until_printed(lambda: sum(text in line for line in self.lines) >= times, repr(text))

    def until_printed(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until the condition holds for the lines so far."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            try:
                self.lines.append(self._unread.get(timeout=deadline - time.monotonic()))
            except (queue.Empty, ValueError):
                raise AssertionError(f"no {what} in {self.lines}") from None

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
        [found] = [each for each in children if _is_named(each, program)]
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

    def await_nothing_left(self) -> None:
        """Wait until none does; also of a demo that was killed."""
        self.ended()
        until(lambda: not self.left_over(), seconds=DEADLINE_SECONDS, what="no process is left")

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_MARK) == self._mark
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False

    def _read(self) -> None:
        for line in self._output:
            self._unread.put(line)


def announced(running: Demo, folder: Path) -> running_demo.Demo | None:
    """What the demo announces in its own folder of run/, which `folder` gets a link to."""
    _link_run_folder(running, folder)
    return running_demo.running_demo(folder)


def _link_run_folder(running: Demo, folder: Path) -> None:
    if not (folder / "run").exists():
        # In a terminal the line ends with a carriage return, or with an escape sequence.
        named = re.search(r"settings and logs: (.+?)[\r\n\x1b]", running.output())
        assert named, running.output()
        (folder / "run").symlink_to(named[1])


def _is_named(process: psutil.Process, program: str) -> bool:
    try:
        return bool(process.name() == program)
    except psutil.NoSuchProcess:  # It has ended since it was listed.
        return False


def _is_echo(process: psutil.Process, transport: str) -> bool:
    try:
        _, *words = process.cmdline() or [""]
    except psutil.NoSuchProcess:
        return False
    return words[:4] == ["-m", "lab.echo", "--transport", transport]


def demo(
    *arguments: str, terminal: Terminal | None = None, **variables: str
) -> AbstractContextManager[Demo]:
    """A demo in its own process group, as a terminal would start it; ended if it still runs."""
    return started((sys.executable, "-m", "lab.demo", *arguments), terminal, variables)


def watch(
    running: Demo, folder: Path, *arguments: str, terminal: Terminal | None = None
) -> AbstractContextManager[Demo]:
    """`lab.watch` of that demo, since others may run at the same time; `folder` gets a link."""
    _link_run_folder(running, folder)
    return started((sys.executable, "-c", _WATCH, str(folder), *arguments), terminal, {})


@contextmanager
def started(
    command: tuple[str, ...], terminal: Terminal | None, variables: Mapping[str, str]
) -> Iterator[Demo]:
    """A command that runs a demo, in the same way; when it has ended, no process is left.

    Where others end its processes, since it was killed, the test awaits them.
    """
    mark = uuid.uuid4().hex
    device = terminal.device if terminal else None
    with subprocess.Popen(
        command,
        stdin=device,
        stdout=device or subprocess.PIPE,
        stderr=device or subprocess.STDOUT,
        text=True,
        env={**(environment() if terminal else os.environ), **variables, _MARK: mark},
        start_new_session=True,
        preexec_fn=terminal.control if terminal else None,
    ) as process:
        if terminal:
            terminal.handed_over()
        running = Demo(process, mark, terminal.lines() if terminal else process.stdout or ())
        try:
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            running.ended()
        assert running.left_over() == []
