"""One load test: what is asked, and how it is run."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from dashboards.cli_text import one_line
from lab.load.generator import Generator, Schedule
from lab.load.metrics_export import exported
from lab.load.protocol import CallFailed, RequestTemplate, tool_call
from lab.load.rate import Arrivals, Step, due_times, seconds_of
from lab.load.result import Result
from lab.load.scenarios import Sessions
from lab.load.session import Session
from lab.load.statistics import CallStatistics, Interval
from lab.load.target import Target
from lab.load.tool_mix import NoArguments, ToolMix, arguments_for

OPEN_SECONDS = 10.0
"""For a session to open before the test; a call that opens one has the time of a call."""
MOST_OPENING = 20
"""Sessions that are opened at the same time."""

_TOOLS_SHOWN = 20


class TargetError(Exception):
    """The target cannot be tested as asked; one line."""


@dataclass(frozen=True, slots=True)
class LoadTest:
    """A load test. `timeout` is the longest that a call may take, in seconds.

    `arguments` are those of tools by name; for others they are made from the tool's schema. Its
    figures are exported to `metrics`, the URL of an OTLP endpoint, as those of `server`.
    """

    name: str
    target: Target
    version: str
    connections: int
    sessions: Sessions
    steps: tuple[Step, ...]
    mix: ToolMix
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    arrivals: Arrivals = Arrivals.EVEN
    seed: int = 1
    timeout: float = 10.0
    metrics: str | None = None
    server: str = ""
    namespace: str = ""

    @property
    def labels(self) -> Mapping[str, str]:
        """The attributes of its metrics."""
        return {
            "namespace": self.namespace,
            "server": self.server,
            "transport": self.target.transport.value,
            "test": self.name,
        }


Report = Callable[[str], None]


async def run(test: LoadTest, report: Report, on_interval: Callable[[Interval], None]) -> Result:
    """Run it; if the task is cancelled during the calls, the result is that so far.

    Raises TargetError before any call if the target is not an MCP server with the tools.
    """
    sessions = [Session(test.target.connect, test.version) for _ in range(test.connections)]
    try:
        schedule = await _schedule(test, sessions[0])
        report(f"{test.name}: {len(schedule.times):,} calls to {test.target}")
        if test.sessions is Sessions.SHARED:
            await open_sessions(sessions, report)
        else:
            await sessions[0].close()
        return await _measure(test, schedule, sessions, on_interval)
    finally:
        await _for_each(sessions, Session.close)


async def _schedule(test: LoadTest, session: Session) -> Schedule:
    """The calls to make; raises TargetError."""
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            tools = await session.tools()
    except TimeoutError:
        raise TargetError(f"{test.target}: no answer within {OPEN_SECONDS:g} s") from None
    except CallFailed as failed:
        raise TargetError(f"{test.target}: {one_line(str(failed))}") from failed
    times = list(due_times(test.steps, test.arrivals, test.seed))
    templates = {each: _template(test, each, tools) for each in test.mix.weights}
    return Schedule(times, test.mix.draw(len(times), test.seed), templates)


def _template(test: LoadTest, tool: str, tools: Mapping[str, Mapping[str, Any]]) -> RequestTemplate:
    if tool not in tools:
        known = one_line(", ".join(list(tools)[:_TOOLS_SHOWN])) or "none"
        raise TargetError(f'{test.target}: no tool "{tool}"; choose --tool from {known}')
    arguments = test.arguments.get(tool)
    try:
        made = arguments_for(tools[tool].get("inputSchema")) if arguments is None else arguments
    except NoArguments as why:
        raise TargetError(f'tool "{tool}": {why}: give --arguments {tool}=JSON') from why
    return tool_call(test.version, tool, made)


async def open_sessions(sessions: list[Session], report: Report) -> None:
    """Open all sessions; those that fail are opened by their first call."""
    failures: list[str] = []

    async def open_one(session: Session) -> None:
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await session.open()
        except TimeoutError:
            failures.append(f"no answer within {OPEN_SECONDS:g} s")
        except CallFailed as failed:
            failures.append(str(failed))

    await _for_each(sessions, open_one)
    if failures:
        first = one_line(failures[0])
        report(f"{len(failures)} of {len(sessions)} sessions cannot be opened: {first}")


async def _for_each(sessions: list[Session], act: Callable[[Session], Any]) -> None:
    """Act on all sessions, at most MOST_OPENING at a time."""
    remaining = iter(sessions)

    async def work() -> None:
        for each in remaining:
            await act(each)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(MOST_OPENING):
            tasks.create_task(work())


async def _interrupted(running: Coroutine[None, None, None]) -> bool:
    """Whether this task was cancelled meanwhile, which then ends nothing else."""
    try:
        await running
    except asyncio.CancelledError:
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
        return True
    return False


async def _measure(
    test: LoadTest,
    schedule: Schedule,
    sessions: list[Session],
    on_interval: Callable[[Interval], None],
) -> Result:
    duration = seconds_of(test.steps)
    statistics = CallStatistics(duration + 3 * test.timeout)
    once = test.sessions is Sessions.UNIQUE
    generator = Generator(schedule, sessions, statistics, timeout=test.timeout, once=once)
    intervals: list[Interval] = []

    def record(interval: Interval) -> None:
        intervals.append(interval)
        on_interval(interval)

    gc.freeze()  # Else a collection would go through all sessions, and delay the calls due then.
    with exported(statistics, test.metrics, test.labels) if test.metrics else nullcontext():
        interrupted = await _interrupted(generator.run(record))
    record(statistics.interval(generator.seconds))
    return Result(
        test=test.name,
        target=str(test.target),
        transport=test.target.transport.value,
        protocol=test.version,
        connections=test.connections,
        sessions=test.sessions.value,
        steps=",".join(map(str, test.steps)),
        seed=test.seed,
        duration=duration,
        asked_rate=sum(each.calls for each in test.steps) / duration,
        expected=statistics.due if interrupted else len(schedule.times),
        sent=statistics.sent,
        waited=statistics.waited,
        elapsed=generator.seconds,
        outcomes=dict(statistics.outcomes()),
        tools={tool: dict(counts) for tool, counts in statistics.tools.items()},
        reasons=dict(statistics.reasons),
        latency=statistics.latency.latencies(),
        spectrum=statistics.latency.spectrum(),
        lag=statistics.lag.latencies(),
        intervals=tuple(intervals),
        interrupted=interrupted,
    )
