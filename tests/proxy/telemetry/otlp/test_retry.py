"""Exports are repeated until the collector's answer is final, or their time is over."""

import asyncio

from proxy.telemetry.otlp.http import OtlpHttpTransport
from proxy.telemetry.otlp.retry import ACCEPTED, ExportResult, deliver
from tests.proxy.telemetry.otlp.test_http import (
    LONG_SECONDS,
    OK,
    collector,
    gives,
    settings,
    status,
)


def delivered(*answers: bytes) -> tuple[ExportResult, int]:
    """What the attempts came to, and how many answers were left."""
    left = list(answers)

    async def play() -> ExportResult:
        async with collector(gives(left)) as seen:
            transport = OtlpHttpTransport(settings(seen.port))
            try:
                return await deliver(transport, b"body", LONG_SECONDS)
            finally:
                await transport.close()

    return asyncio.run(play()), len(left)


def test_attempts_are_repeated_when_the_collector_says() -> None:
    again = status(503, "retry-after: 0")
    assert delivered(again, again, OK) == (ACCEPTED, 0)


def test_no_attempt_follows_a_final_answer() -> None:
    assert delivered(status(400), OK) == (ExportResult("HTTP status 400"), 1)


def test_a_collector_that_asks_for_more_time_than_there_is_is_not_waited_for() -> None:
    reply, left = delivered(status(429, "retry-after: 3600"), OK)
    assert (reply.reason, left) == ("HTTP status 429", 1)
