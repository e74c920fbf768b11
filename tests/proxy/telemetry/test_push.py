"""The thread that sends, and what a push says when things go wrong."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from proxy.telemetry.export_thread import ExportThread
from proxy.telemetry.ledger import Ledger
from proxy.telemetry.push import Batch, Push, Source
from proxy.telemetry.vocabulary import DropReason, Signal

JOIN_SECONDS = 10.0


def push(ledger: Ledger, *sends: Callable[[], bool]) -> Push:
    """A push whose rounds each send the next of `sends`, until none is left."""
    left = iter(sends)

    def due() -> Iterator[Batch]:
        send = next(left, None)
        if send is not None:
            yield Batch(2, send)

    source = Source(Signal.TRACES, "http://collector:1", 0.001, due, lambda: 0, lambda: None)
    return Push(source, ledger)


def broken() -> bool:
    raise ValueError("a bug")


def test_a_job_runs_beside_the_loop_and_answers() -> None:
    async def run() -> bool:
        thread = ExportThread("export")
        answer = await thread.run(lambda: threading.current_thread().name == "export")
        thread.end()
        return answer

    assert asyncio.run(run())


def test_the_thread_ends_when_told_to() -> None:
    async def run() -> threading.Thread:
        thread = ExportThread("ends")
        (started,) = (each for each in threading.enumerate() if each.name == "ends")
        thread.end()
        return started

    started = asyncio.run(run())
    started.join(JOIN_SECONDS)
    assert not started.is_alive()


def test_what_a_job_raises_is_raised_where_it_is_awaited() -> None:
    async def run() -> None:
        thread = ExportThread("export")
        try:
            await thread.run(broken)
        finally:
            thread.end()

    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(run())


def test_an_answer_after_the_loop_has_closed_is_dropped() -> None:
    release = threading.Event()

    async def run() -> threading.Thread:
        thread = ExportThread("late")
        (started,) = (each for each in threading.enumerate() if each.name == "late")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await thread.run(lambda: release.wait(JOIN_SECONDS))
        thread.end()
        return started

    started = asyncio.run(run())
    release.set()
    started.join(JOIN_SECONDS)
    assert not started.is_alive()


def test_an_answer_that_is_not_awaited_any_more_is_dropped() -> None:
    release, complaints = threading.Event(), list[object]()

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
        thread = ExportThread("cancelled")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await thread.run(lambda: release.wait(JOIN_SECONDS))
        release.set()
        assert await thread.run(lambda: True)
        thread.end()

    asyncio.run(run())
    assert complaints == []


def test_losses_are_logged_when_they_begin_and_when_they_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = Ledger("fetch", "stdio")
    over = threading.Event()

    def last() -> bool:
        over.set()
        return True

    async def run() -> None:
        pushing = push(ledger, lambda: False, lambda: False, last)
        pushing.start()
        await asyncio.to_thread(over.wait, JOIN_SECONDS)
        await pushing.stop(JOIN_SECONDS)

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    messages = [each.getMessage() for each in caplog.records if each.name.endswith("push")]
    assert messages == [
        "traces are not accepted by http://collector:1: losses are counted",
        "traces are accepted by http://collector:1 again",
    ]
    assert ledger.drops[Signal.TRACES, DropReason.EXPORT_FAILED] == 4


def test_a_bug_in_the_thread_is_logged_at_once_and_raised_at_the_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        pushing = push(Ledger("fetch", "stdio"), broken)
        pushing.start()
        await pushing.stop(JOIN_SECONDS)

    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(run())
    assert "pushing has ended" in caplog.text
