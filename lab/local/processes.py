"""Child processes that end with the `with` block that started them.

Leaving the block ends every child's process group; if this process is killed, the kernel kills
the children (Linux). A child that exits by itself is noticed by the next `check`, which every wait
calls several times a second.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

import psutil

from lab import signals

T = TypeVar("T")

STOP_SECONDS = 5.0
"""Limit for all processes together to exit after SIGTERM, before SIGKILL."""

LOG_END_LINES, LOG_LINE_LENGTH = 10, 200
POLL_SECONDS = 0.1


class ProcessFailed(Exception):
    """A process exited or did not become ready; the text ends with the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """A display name, the arguments, the whole environment, and the working directory."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path | None = None


@dataclass(frozen=True, slots=True)
class RunningProcess:
    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def exited(self) -> bool:
        return self.popen.poll() is not None

    def check(self) -> None:
        """Raise ProcessFailed if it has exited."""
        if self.exited():
            how = _exit_text(self.popen.returncode)
            raise ProcessFailed(f"{self.name} {how}; {self.end_of_log()}")

    def end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_END_LINES:]
        return "\n  ".join((f"the end of {self.log}:", *(each[:LOG_LINE_LENGTH] for each in lines)))


class Processes:
    """The children of one `with` block; their logs are in `folder`."""

    def __init__(self, folder: Path, *, stop_seconds: float = STOP_SECONDS) -> None:
        self._folder = folder
        self._stop_seconds = stop_seconds
        self._running: list[RunningProcess] = []
        self._before_stop: list[Callable[[], None]] = []
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with signals.blocked():
            self._stop_all()

    def __repr__(self) -> str:
        return f"Processes({', '.join(f'{each.name}={each.pid}' for each in self._running)})"

    @property
    def pids(self) -> Mapping[str, int]:
        return {each.name: each.pid for each in self._running}

    def start(self, command: Command) -> RunningProcess:
        """Start a child in its own process group, with its output in `<folder>/<name>.log`.

        Raises ProcessFailed if the program does not exist.
        """
        log = self._folder / f"{command.name}.log"
        with log.open("ab") as output, signals.blocked():
            try:
                popen = subprocess.Popen(
                    command.arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=command.environment,
                    cwd=command.directory,
                    start_new_session=True,
                    preexec_fn=signals.in_child,
                )
            except OSError as wrong:
                raise ProcessFailed(
                    f"{command.name}: cannot run {command.arguments[0]}: {wrong.strerror}"
                ) from wrong
            self._running.append(RunningProcess(command.name, popen, log))
        return self._running[-1]

    def before_stop(self, callback: Callable[[], None]) -> None:
        """Call this when the block is left, before the children stop; it must be short."""
        self._before_stop.append(callback)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a child."""
        self._named(name).popen.send_signal(number)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop a child; `check` no longer expects it to run."""
        process = self._named(name)
        process.popen.send_signal(number)
        try:
            process.popen.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            process.popen.kill()
        _kill_group(process)
        self._running.remove(process)

    def _named(self, name: str) -> RunningProcess:
        return next(each for each in self._running if each.name == name)

    def check(self) -> None:
        """Raise ProcessFailed if a child has exited, or Ended if a signal was received."""
        signals.check()
        self.peak_bytes = max(self.peak_bytes, _resident_bytes())
        for process in self._running:
            process.check()

    def wait(self, what: str, condition: Callable[[], T | None], seconds: float) -> T:
        """Return the condition's first value that is not None.

        Raises ProcessFailed if a child exits first, TimeoutError after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while (value := condition()) is None:
            self.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds:g} s")
            pause(POLL_SECONDS)
        return value

    def wait_ready(
        self, process: RunningProcess, condition: Callable[[], T | None], seconds: float
    ) -> T:
        """As `wait`, but raises ProcessFailed with the end of the process's log after `seconds`."""
        try:
            return self.wait(f"{process.name} is not ready", condition, seconds)
        except TimeoutError as late:
            raise ProcessFailed(f"{late}; {process.end_of_log()}") from late

    def _stop_all(self) -> None:
        for callback in self._before_stop:
            callback()
        deadline = time.monotonic() + self._stop_seconds
        # In reverse order, so that each can still send its last data to those started before it.
        for process in reversed(self._running):
            process.popen.terminate()
            # A stopped process handles SIGTERM only after SIGCONT.
            process.popen.send_signal(signal.SIGCONT)
            while time.monotonic() < deadline and not process.exited():
                pause(0.02)
        for process in self._running:
            _kill_group(process)
        self._running.clear()


def _kill_group(process: RunningProcess) -> None:
    """Kill a child and its own children."""
    # An empty group does not exist, or on macOS may not be signalled.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.popen.wait()


def pause(seconds: float) -> None:
    """Wait between two polls; the exception of a signal handler ends it."""
    threading.Event().wait(seconds)


def _exit_text(returncode: int) -> str:
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    return f"was ended by {signal.Signals(-returncode).name}"


def _resident_bytes() -> int:
    """Resident memory of this process and its descendants; shared pages count for each."""
    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total
