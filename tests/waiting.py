"""Wait for a condition, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

INTERVAL_SECONDS = 0.02

T = TypeVar("T")


class NeverHappened(Exception):
    """The condition did not come true before the deadline, or the wait was cancelled."""


def until(
    probe: Callable[[], T | None],
    *,
    seconds: float,
    what: str = "",
    every: float = INTERVAL_SECONDS,
    cancelled: threading.Event | None = None,
) -> T:
    """Return the first truthy answer of `probe`, asked in short intervals; else NeverHappened.

    `what` says in its text what was waited for, `every` how many seconds are between two questions.
    """
    cancelled = cancelled or threading.Event()
    deadline = time.monotonic() + seconds
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise NeverHappened(f"not within {seconds:g} s{what and f': {what}'}")
        if cancelled.wait(every):
            raise NeverHappened("cancelled")
    return answer
