"""What a service starts beside its calls."""

import asyncio
import logging

import pytest

from proxy.app.service import contained


def test_a_task_that_fails_is_logged_and_ends_no_other(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    async def fail() -> None:
        raise RuntimeError("unforeseen")

    async def work() -> None:
        await asyncio.sleep(0)
        ended.append("well")

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            spawn = contained(tasks.create_task)
            spawn(fail())
            spawn(work())

    asyncio.run(main())
    assert ended == ["well"]
    # Other tests' OpenTelemetry exporters may still be logging.
    [record] = [each for each in caplog.records if each.name == "proxy"]
    assert record.levelno == logging.ERROR
    assert "unforeseen" in str(record.exc_info)
