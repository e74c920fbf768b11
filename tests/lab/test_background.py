"""Coroutines in a thread of their own."""

import asyncio

import pytest

from lab.background import Background


def test_a_coroutine_gives_its_result_or_raises() -> None:
    async def fail() -> None:
        raise ValueError("x")

    with Background() as background:
        assert background.run(asyncio.sleep(0, result=3)) == 3
        with pytest.raises(ValueError, match="x"):
            background.run(fail())


def test_leaving_the_block_cancels_what_still_runs() -> None:
    ended = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with Background() as background:
        running = background.start(forever())
        background.run(asyncio.sleep(0))

    assert ended == [True]
    assert running.cancelled()
