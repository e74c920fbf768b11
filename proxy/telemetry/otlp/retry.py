"""Bringing one encoded request to a collector: attempts, and the pauses between them."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

ANSWER_LIMIT = 64 * 1024
"""Longest answer of a collector that is read, in bytes; a true one is a few dozen long."""

FIRST_PAUSE_SECONDS = 1.0
JITTER = 0.2
"""Pauses double, give or take this share, so that proxies do not come back all at once."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The result of an attempt: accepted, unless `reason` says why not.

    `rejected` is how many items of an accepted request the collector refused all the same, for
    the reason in `remark`. `again` is whether a later attempt may succeed, `after` how many
    seconds the collector asks to wait before it.
    """

    reason: str = ""
    rejected: int = 0
    remark: str = ""
    again: bool = False
    after: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the collector took the request."""
        return not self.reason


ACCEPTED = ExportResult()


class ExportTransport(Protocol):
    """A way to one collector for one signal."""

    async def prepare(self, body: bytes) -> bytes:
        """The body as it is sent, compressed if that is asked for."""

    async def attempt(self, body: bytes, seconds: float) -> ExportResult:
        """Send a prepared body; no answer within `seconds` is a failure, never an exception."""

    async def close(self) -> None:
        """Give up what is being sent, and let go of the connections."""


async def deliver(transport: ExportTransport, body: bytes, seconds: float) -> ExportResult:
    """Attempts until one is final, for `seconds` at most; the last one's reply.

    As the OTLP specification asks: exponential pauses with jitter, unless the collector names one.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + seconds
    prepared = await transport.prepare(body)
    for pause in _pauses():
        reply = await transport.attempt(prepared, deadline - clock())
        wait = pause if reply.after is None else reply.after
        if not reply.again or clock() + wait >= deadline:
            return reply
        await asyncio.sleep(wait)
    raise AssertionError("pauses never end")


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE_SECONDS
    while True:
        yield pause * random.uniform(1 - JITTER, 1 + JITTER)
        pause *= 2
