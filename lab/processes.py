"""Child processes with an owner: whatever happens to the owner, they end.

Leaving the `with` block, by whatever door, ends every child's process group; a SIGKILL of the
owner ends the children too, by the kernel (Linux). A child that ends by itself is noticed at the
next `check`, which every wait makes several times a second.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

from lab.signals import held, released

T = TypeVar("T")

STOP_SECONDS = 5.0
"""How long all parts together may take to end after SIGTERM before SIGKILL."""

LOG_END_LINES, LOG_LINE_LENGTH = 10, 200
POLL_SECONDS = 0.1

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class PartFailed(Exception):
    """A part died or did not get ready; the text names it and ends with the end of its log."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: a name for people, the arguments, and the whole environment."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """One running child."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def ended(self) -> bool:
        return self.process.poll() is not None

    def check(self) -> None:
        """Raise PartFailed if it has ended."""
        if self.ended():
            raise PartFailed(f"{self.name} {_how(self.process.returncode)}; {self.end_of_log()}")

    def end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_END_LINES:]
        return "\n  ".join((f"the end of {self.log}:", *(each[:LOG_LINE_LENGTH] for each in lines)))


class Parts:
    """The running children of one `with` block; `folder` takes their logs."""

    def __init__(self, folder: Path, *, stop_seconds: float = STOP_SECONDS) -> None:
        self._folder = folder
        self._stop_seconds = stop_seconds
        self._parts: list[Part] = []
        self._farewells: list[Callable[[], None]] = []
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with held():
            self._stop()

    def __repr__(self) -> str:
        return f"Parts({', '.join(f'{part.name}={part.pid}' for part in self._parts)})"

    @property
    def pids(self) -> Mapping[str, int]:
        return {part.name: part.pid for part in self._parts}

    def start(self, command: Command) -> Part:
        """Start a child in its own process group, its output after that in `<folder>/<name>.log`.

        Raises PartFailed when there is no such program.
        """
        log = self._folder / f"{command.name}.log"
        with log.open("ab") as output, held():
            try:
                process = subprocess.Popen(
                    command.arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=command.environment,
                    start_new_session=True,
                    preexec_fn=_in_child,
                )
            except OSError as wrong:
                raise PartFailed(
                    f"{command.name}: cannot run {command.arguments[0]}: {wrong.strerror}"
                ) from wrong
            self._parts.append(Part(command.name, process, log))
        return self._parts[-1]

    def before_end(self, farewell: Callable[[], None]) -> None:
        """Call this when the block is left, while the children still live; it must be short."""
        self._farewells.append(farewell)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the child that was started under a name."""
        self._part(name).process.send_signal(number)

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End one child, as it is meant to end; from then on it is not missed."""
        part = self._part(name)
        part.process.send_signal(number)
        try:
            part.process.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            part.process.kill()
        _end_group(part)
        self._parts.remove(part)

    def _part(self, name: str) -> Part:
        return next(each for each in self._parts if each.name == name)

    def check(self) -> None:
        """Raise PartFailed if any child has ended; measure the memory of all."""
        self.peak_bytes = max(self.peak_bytes, _resident_bytes())
        for part in self._parts:
            part.check()

    def wait(self, what: str, condition: Callable[[], T | None], seconds: float) -> T:
        """Return the condition's first value that is not None.

        Raises PartFailed when a child ends first, TimeoutError after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while (value := condition()) is None:
            self.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds:g} s")
            pause(POLL_SECONDS)
        return value

    def wait_ready(self, part: Part, condition: Callable[[], T | None], seconds: float) -> T:
        """As `wait`, for a part's start: too late is PartFailed with the end of its log."""
        try:
            return self.wait(f"{part.name} is not ready", condition, seconds)
        except TimeoutError as late:
            raise PartFailed(f"{late}; {part.end_of_log()}") from late

    def _stop(self) -> None:
        for farewell in self._farewells:
            farewell()
        deadline = time.monotonic() + self._stop_seconds
        # The last started first, so that each still finds whom it has last words for.
        for part in reversed(self._parts):
            part.process.terminate()
            # A stopped process ends only once it goes on.
            part.process.send_signal(signal.SIGCONT)
            while time.monotonic() < deadline and not part.ended():
                pause(0.02)
        for part in self._parts:
            _end_group(part)
        self._parts.clear()


def _end_group(part: Part) -> None:
    """End a child with what it started itself."""
    # A group without members is gone, or on macOS off limits.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(part.pid, signal.SIGKILL)
    part.process.wait()


def pause(seconds: float) -> None:
    """Wait between two looks at a condition; a signal's exception comes through."""
    threading.Event().wait(seconds)


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    return f"was ended by {signal.Signals(-returncode).name}"


def _resident_bytes() -> int:
    """Resident memory of this process and all below it; shared pages count once per process."""
    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _in_child() -> None:
    released()
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
