"""The same numbers give the same calls."""

import asyncio
from collections import Counter

from lab.compare.calls import SAMPLED, Calls, planned
from proxy.telemetry.catalogue import Outcome
from tests.lab.load.echo import echo


def test_the_same_seed_gives_the_same_calls_and_another_one_others() -> None:
    assert planned(500, 5.0, 7) == planned(500, 5.0, 7)
    assert planned(500, 5.0, 7) != planned(500, 5.0, 8)


def test_exactly_so_many_calls_are_planned_in_about_so_many_seconds() -> None:
    plan = planned(10_000, 80.0, 1)
    assert len(plan.times) == len(plan.tools) == 10_000
    assert 76 < plan.seconds < 84


def test_every_call_is_sent_in_a_trace_of_its_own_and_its_answer_noted() -> None:
    async def send(calls: Calls) -> None:
        await calls.open(print)
        await calls.send()

    with echo() as address:
        calls, again = (Calls(planned(60, 0.5, 3), f"http://{address}/mcp") for _ in range(2))
        asyncio.run(send(calls))
        asyncio.run(send(again))

    assert len(calls.answered) == 60
    assert len(set(calls.traces)) == 60
    assert calls.traces == again.traces
    assert [trace for _, trace in calls.unseen] == calls.traces[::SAMPLED]
    tools = Counter(planned(60, 0.5, 3).tools)
    assert calls.outcomes == {
        Outcome.OK: tools["echo"],
        Outcome.TOOL_ERROR: tools["fail"],
        Outcome.PROTOCOL_ERROR: tools["absent"],
    }
