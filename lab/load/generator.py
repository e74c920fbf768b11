"""An open loop of calls: each is sent when it is due, whether or not others have been answered.

A session makes one call at a time. A call that is due while all sessions are busy waits for one,
and the wait is a part of its latency, which counts from when it was due.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from time import perf_counter

from lab.load.protocol import CallFailed, RequestTemplate, outcome_of
from lab.load.session import Session
from lab.load.statistics import CallStatistics, Interval
from proxy.telemetry.catalogue import Outcome

START_SECONDS = 0.2
"""Until the first call is due, so that all sessions are waiting for theirs."""
INTERVAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """When calls are due, in seconds after the start, and the tool of each."""

    times: Sequence[float]
    tools: Sequence[str]
    templates: Mapping[str, RequestTemplate]


class Generator:
    """One run of a schedule."""

    def __init__(
        self,
        schedule: Schedule,
        sessions: Sequence[Session],
        statistics: CallStatistics,
        *,
        timeout: float,
        once: bool,
    ) -> None:
        """With `once` a session ends after each call; `timeout` is the seconds of a call."""
        self._schedule = schedule
        self._sessions = sessions
        self._statistics = statistics
        self._timeout = timeout
        self._once = once
        self._start = 0.0
        self._idle: deque[asyncio.Future[int | None]] = deque()
        self._waiting: deque[int] = deque()
        self._due = 0
        self.seconds = 0.0
        """From the start until the last call that has ended."""

    async def run(self, on_interval: Callable[[Interval], None]) -> None:
        """Make all calls; if cancelled, those in flight have the outcome cancelled.

        Calls that wait for a session are given up when the last has been due for `timeout`.
        """
        loop = asyncio.get_running_loop()
        self._start = perf_counter() + START_SECONDS
        last = START_SECONDS + self._schedule.times[-1]
        giving_up = loop.call_later(last + self._timeout, self._waiting.clear)
        async with asyncio.TaskGroup() as tasks:
            reporter = tasks.create_task(self._report(on_interval))
            try:
                async with asyncio.TaskGroup() as workers:
                    for each in self._sessions:
                        workers.create_task(self._work(each))
                    workers.create_task(self._pace())
            finally:
                giving_up.cancel()
                reporter.cancel()

    async def _pace(self) -> None:
        """Give out each call when it is due."""
        while not self._all_due:
            await asyncio.sleep(self._due_at(self._due) - perf_counter())
            # uvloop rounds to milliseconds, also down: then nothing is due yet.
            self._on_due(
                bisect_right(self._schedule.times, perf_counter() - self._start, self._due)
            )

    def _on_due(self, due: int) -> None:
        """The first `due` calls are due: give new ones to idle sessions, the longest idle first."""
        self._statistics.on_due(due - self._due)
        for number in range(self._due, due):
            if not self._give(number):
                self._waiting.append(number)
        self._due = due
        if self._all_due:
            while self._give(None):
                pass

    def _give(self, number: int | None) -> bool:
        """Give a call, or that there are no more, to an idle session; False if there is none."""
        while self._idle:
            idle = self._idle.popleft()
            if not idle.done():  # Cancelled.
                idle.set_result(number)
                return True
        return False

    @property
    def _all_due(self) -> bool:
        return self._due == len(self._schedule.times)

    async def _work(self, session: Session) -> None:
        """Make calls with a session until there are no more."""
        while True:
            if self._waiting:
                number = self._waiting.popleft()
                self._statistics.on_sent_late()
            elif self._all_due:
                return
            else:
                idle: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
                self._idle.append(idle)
                given = await idle
                if given is None:
                    return
                number = given
                self._statistics.on_sent(perf_counter() - self._due_at(number))
            await self._call(session, number)

    def _due_at(self, number: int) -> float:
        return self._start + self._schedule.times[number]

    async def _call(self, session: Session, number: int) -> None:
        tool = self._schedule.tools[number]
        outcome, reason, ended = Outcome.CANCELLED, "", None
        try:
            async with asyncio.timeout(self._timeout):
                reply = await session.call(self._schedule.templates[tool])
            ended = reply.at
            outcome, reason = outcome_of(reply.answer)
        except TimeoutError:
            outcome, reason = Outcome.TIMEOUT, f"no answer within {self._timeout:g} s"
        except CallFailed as failed:
            outcome, reason = failed.outcome, str(failed)
        finally:
            ended = perf_counter() if ended is None else ended
            self._statistics.on_finished(tool, outcome, ended - self._due_at(number), reason)
            self.seconds = max(self.seconds, ended - self._start)
        if self._once:
            await session.close()

    async def _report(self, on_interval: Callable[[Interval], None]) -> None:
        """Report every second since the start."""
        for number in count(1):
            await asyncio.sleep(self._start + number * INTERVAL_SECONDS - perf_counter())
            on_interval(self._statistics.interval(perf_counter() - self._start))
