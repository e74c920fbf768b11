"""Waiting in the main thread, while processes are checked and their memory is noted."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from lab.compare.member import Member
from lab.local.processes import pause
from lab.prometheus_api import Unreachable

CHECK_SECONDS = 2.0
_PAUSE_SECONDS = 0.05


class CheckedWait:
    """Waits in the main thread, while it checks the processes and takes note of their memory."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._next_check = 0.0
        self.futures: list[Future[Any]] = []

    def until(self, when: float) -> None:
        """Wait until a time, in seconds since the epoch."""
        while (left := when - time.time()) > 0:
            self._step(left)

    def finished(self, futures: Sequence[Future[Any]]) -> None:
        while not all(each.done() for each in futures):
            self._step()
        self._check()

    def settled(self, seconds: float) -> float:
        """Wait until nothing is missing, but not longer; when that was."""
        deadline = time.time() + seconds
        while time.time() < deadline and not all(map(_complete, self._members)):
            self.until(time.time() + CHECK_SECONDS)
        return time.time()

    def _step(self, seconds: float = _PAUSE_SECONDS) -> None:
        pause(min(seconds, _PAUSE_SECONDS))
        if time.time() > self._next_check:
            self._next_check = time.time() + CHECK_SECONDS
            self._check()

    def _check(self) -> None:
        """Raises what a task has raised, and as `Processes.check`."""
        for each in self._members:
            each.usage.sample()
            each.processes.check()
        for future in self.futures:
            if future.done():
                future.result()


def _complete(member: Member) -> bool:
    try:
        return member.is_complete()
    except Unreachable:
        return False
