"""The calls of a trial, seeded: when they are due, of which tools, and in which traces."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from lab.load.generator import Generator, Schedule
from lab.load.load_test import open_sessions
from lab.load.protocol import Request, RequestTemplate, tool_call
from lab.load.rate import Arrivals, Step, due_times
from lab.load.session import Session
from lab.load.statistics import CallStatistics
from lab.load.target import StreamableHttpTarget
from lab.load.tool_mix import ToolMix
from lab.verify.traffic import Report
from proxy.telemetry.catalogue import Outcome
from proxy.translation.versions import LATEST_LEGACY

CONNECTIONS = 50
TIMEOUT_SECONDS = 5.0

SAMPLED = 20
"""Of so many calls, the trace of one is looked for until it can be queried."""

ANSWERED = frozenset({Outcome.OK, Outcome.TOOL_ERROR, Outcome.PROTOCOL_ERROR})
"""The outcomes of calls that the server has answered."""

_MIX = ToolMix({"echo": 17, "fail": 2, "absent": 1})
_ARGUMENTS = {"echo": {"text": "hello"}}
_TRACE_PARENT = "traceparent"


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls, in seconds after the start: the same for the same numbers."""

    times: Sequence[float]
    tools: Sequence[str]
    seed: int

    @property
    def seconds(self) -> float:
        return self.times[-1]


def planned(calls: int, seconds: float, seed: int) -> Plan:
    """So many calls in about so many seconds, as of independent clients."""
    rate = calls / seconds
    endless = (Step(rate, rate, 10 * seconds + 60),)
    times = tuple(islice(due_times(endless, Arrivals.POISSON, seed), calls))
    return Plan(times, _MIX.draw(calls, seed), seed)


@dataclass(frozen=True, slots=True)
class _TracedTemplate(RequestTemplate):
    """Each request has a trace of its own."""

    trace_parent: Callable[[], str]

    def with_id(self, number: int) -> Request:
        request = RequestTemplate.with_id(self, number)
        return request._replace(headers={_TRACE_PARENT: self.trace_parent()})


class _CallTimes(CallStatistics):
    """Also notes when each answer arrived, in seconds since the epoch."""

    def __init__(self, longest_seconds: float) -> None:
        super().__init__(longest_seconds)
        self.answered: list[float] = []

    def on_finished(self, tool: str, outcome: Outcome, latency: float, reason: str) -> None:
        super().on_finished(tool, outcome, latency, reason)
        if outcome in ANSWERED:
            self.answered.append(time.time())


class Calls:
    """The calls of a plan to one proxy."""

    def __init__(self, plan: Plan, url: str) -> None:
        self._plan = plan
        self._random = Random(plan.seed)
        self._statistics = _CallTimes(plan.seconds + 3 * TIMEOUT_SECONDS)
        target = StreamableHttpTarget(url)
        self._sessions = [Session(target.connect, LATEST_LEGACY) for _ in range(CONNECTIONS)]
        self.traces: list[str] = []
        """The ids of the traces of all calls, in the order in which they were sent."""
        self.unseen: list[tuple[float, str]] = []
        """When the sampled calls were sent, and their traces; those that were found are removed."""

    @property
    def answered(self) -> Sequence[float]:
        """When each answer arrived, in seconds since the epoch."""
        return self._statistics.answered

    @property
    def outcomes(self) -> Counter[Outcome]:
        return self._statistics.outcomes()

    @property
    def reasons(self) -> Mapping[str, int]:
        """Why calls were not answered, and how often."""
        return self._statistics.reasons

    @property
    def lag_seconds(self) -> float:
        """How late 99 of 100 calls were sent at most."""
        return self._statistics.lag.percentile(99)

    async def open(self, report: Report) -> None:
        await open_sessions(self._sessions, report)

    async def send(self) -> None:
        """Send all calls when they are due, then close the sessions."""
        templates = {tool: self._template(tool) for tool in _MIX.weights}
        schedule = Schedule(self._plan.times, self._plan.tools, templates)
        generator = Generator(
            schedule, self._sessions, self._statistics, timeout=TIMEOUT_SECONDS, once=False
        )
        try:
            await generator.run(lambda _: None)
        finally:
            for each in self._sessions:
                await each.close()

    def _template(self, tool: str) -> RequestTemplate:
        made = tool_call(LATEST_LEGACY, tool, _ARGUMENTS.get(tool, {}))
        return _TracedTemplate(made.before, made.after, made.headers, self._next_trace)

    def _next_trace(self) -> str:
        """The `traceparent` header of the next call (W3C Trace Context)."""
        trace = f"{self._random.getrandbits(128):032x}"
        if len(self.traces) % SAMPLED == 0:
            self.unseen.append((time.time(), trace))
        self.traces.append(trace)
        return f"00-{trace}-{self._random.getrandbits(64) | 1:016x}-01"
