"""One signal's way out: rounds, losses, and what a push says when things go wrong."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from proxy.telemetry.ledger import Ledger
from proxy.telemetry.otlp.exporter import Batch, Exporter, SignalConfig
from proxy.telemetry.otlp.retry import ACCEPTED, ExportResult, ExportTransport
from proxy.telemetry.vocabulary import DropReason, Signal

STOP_SECONDS = 10.0
REFUSED = ExportResult("HTTP status 401")


class ScriptedCollector:
    """A transport whose replies are given; `over` is set when they are used up."""

    def __init__(self, *replies: ExportResult) -> None:
        self._replies = list(replies)
        self.over = asyncio.Event()
        self.closed = False

    async def prepare(self, body: bytes) -> bytes:
        return body

    async def attempt(self, body: bytes, seconds: float) -> ExportResult:
        reply = self._replies.pop(0)
        if not self._replies:
            self.over.set()
        return reply

    async def close(self) -> None:
        self.closed = True


def push(ledger: Ledger, collector: ScriptedCollector, batches: int) -> Exporter:
    """A push whose rounds each have one batch of two, until so many are sent."""
    left = iter(range(batches))

    async def encode() -> bytes:
        return b"body"

    def due() -> Iterator[Batch]:
        if next(left, None) is not None:
            yield Batch(2, encode)

    async def connect() -> ExportTransport:
        return collector

    where = "http://collector:1"
    source = SignalConfig(Signal.TRACES, where, 0.001, STOP_SECONDS, due, lambda: 0, connect)
    return Exporter(source, ledger)


def run(*replies: ExportResult) -> Ledger:
    """Push once for each reply."""
    ledger = Ledger("fetch", "stdio")

    async def play() -> None:
        collector = ScriptedCollector(*replies)
        pushing = push(ledger, collector, len(replies))
        pushing.start()
        await collector.over.wait()
        await pushing.stop(STOP_SECONDS)
        assert collector.closed

    asyncio.run(play())
    return ledger


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name.endswith("exporter")]


def test_losses_are_logged_when_they_begin_and_when_they_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        ledger = run(REFUSED, REFUSED, ACCEPTED, ACCEPTED)
    assert said(caplog) == [
        "traces are not accepted by http://collector:1 (HTTP status 401): losses are counted",
        "traces are accepted by http://collector:1 again",
    ]
    assert ledger.drops[Signal.TRACES, DropReason.EXPORT_FAILED] == 4


def test_what_a_collector_refuses_of_a_request_it_took_is_counted_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        ledger = run(ExportResult(rejected=1, remark="a span\nwithout a name"))
    assert ledger.drops[Signal.TRACES, DropReason.REJECTED] == 1
    assert "(partly: 'a span\\nwithout a name')" in said(caplog)[0]


def test_a_collector_cannot_refuse_more_than_it_was_sent() -> None:
    ledger = run(ExportResult(rejected=2**62))
    assert ledger.drops[Signal.TRACES, DropReason.REJECTED] == 2


def test_a_bug_is_logged_at_once_and_raised_at_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        pushing = push(Ledger("fetch", "stdio"), ScriptedCollector(), 1)
        pushing.start()
        await pushing.stop(STOP_SECONDS)

    with pytest.raises(IndexError):
        asyncio.run(play())
    assert "pushing has ended" in caplog.text
