"""What the checks of all hops share: the call, the counts before it, and how a hop loses it."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from prometheus_client.parser import text_string_to_metric_families

from dashboards.promql.scope import quoted
from lab.doctor.call import CLIENT, MarkedCall, Response
from lab.doctor.options import MARGIN_SECONDS, Hops
from lab.http_page import post
from lab.prometheus_api import Prometheus, QueryRefused, Sample, Unreachable
from proxy.frontend.admin import FLUSH_PATH
from proxy.telemetry.catalogue import CLIENT_CALLS, TELEMETRY_DROPPED, Outcome

POLL_SECONDS = 0.2
LOOK_SECONDS = 1.0
CALLS = CLIENT_CALLS.series
FAILED = 'sum({__name__=~"otelcol_exporter_(send|enqueue)_failed_%s(_total)?"}) > 0'
"""What the collector could not export since it started; releases differ in the suffix."""


class Lost(Exception):
    """A hop lost the call: what it shows instead, and what to do.

    `hop` is another than the one that was checked, where that is to blame.
    """

    def __init__(self, saw: str, fix: str, hop: str = "") -> None:
        super().__init__(saw)
        self.saw = saw
        self.fix = fix
        self.hop = hop


class NotDue(Exception):
    """The hop does not show the call yet, and need not: what it shows, and what to do."""

    def __init__(self, saw: str, fix: str) -> None:
        super().__init__(saw)
        self.saw = saw
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Due:
    """When a hop gets the call: within an interval in seconds, 0 if that is not known.

    `why` names the interval, and `in_vain` is whether waiting for it has no use.
    """

    interval: float
    why: Callable[[], str]
    in_vain: Callable[[], bool]


_UNKNOWN = Due(0.0, lambda: "", lambda: False)


@dataclass(slots=True)
class Examination:
    """The call that was sent, and what the checks so far have found."""

    hops: Hops
    call: MarkedCall
    prometheus: Prometheus
    on_wait: Callable[[str], None] = lambda _: None
    """Gets what a hop waits for, if it takes long."""
    initialized: Response | None = None
    pings: int = 1
    before: float = 0.0
    """How many requests of this client the proxy had counted."""
    counted: float = 0.0
    """How many it has counted since, in all."""
    stale: frozenset[float] = frozenset()
    """The counts that collector and Prometheus had before: the new one differs from them."""
    flushed: bool = False
    """Whether the proxy pushed its telemetry at our request, after the call."""
    dropped: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Telemetry that the proxy had dropped, by signal and reason."""

    def note_counts(self) -> None:
        """Note what each hop has counted before, and how many requests make a new count."""
        hops = self.hops
        page = hops.read(hops.metrics)
        self.before, self.dropped = count_on(page, hops.server), _dropped_on(page)
        stale = {count_on(hops.read(hops.collected), hops.server)} if hops.collected else set()
        with suppress(Unreachable, QueryRefused):
            stale |= {each.value for each in self.samples()}
        self.stale = frozenset(stale)
        self.pings = next(n for n in count(1) if self.before + 1 + n not in stale)

    def flush(self) -> None:
        """Ask the proxy to push now; proxies of earlier releases cannot."""
        url = self.hops.admin_url(FLUSH_PATH.decode())
        self.flushed = url != self.hops.metrics and post(url)

    @property
    def push_seconds(self) -> float:
        """Within which time the proxy pushes the count; 0 if it has, or that is not known."""
        return 0.0 if self.flushed else self.hops.push_seconds

    def samples(self) -> tuple[Sample, ...]:
        """The counts in Prometheus, one for each path that they came by. Raises Unreachable."""
        return self.prometheus.query(series_of(self.hops.server))

    def is_new(self, value: float) -> bool:
        """Whether a count has the call in it."""
        return value >= self.counted and value not in self.stale

    def until(self, condition: Callable[[], bool], due: Due = _UNKNOWN) -> bool:
        """Whether it holds within the time that a hop may take."""
        began = time.monotonic()
        end, look = began + self.hops.seconds_for(due.interval), began + MARGIN_SECONDS
        reported = False
        while not condition():
            now = time.monotonic()
            if now > end:
                return False
            if now > look:
                look = now + LOOK_SECONDS
                if due.in_vain():
                    time.sleep(POLL_SECONDS)  # What was just scraped is stored now.
                    return condition()
                if due.interval and not reported:
                    reported = True
                    self.on_wait(f"due within {end - now:.0f} s: {due.why()}")
            time.sleep(POLL_SECONDS)
        return True

    def check_drops(self, signal: str) -> None:
        """Raise Lost if the proxy has dropped telemetry of this kind since the call."""
        if lost := self.drops(signal):
            saw = ", ".join(f"{reason} {count:g}" for reason, count in lost.items())
            raise Lost(
                f"the proxy dropped {signal}: {saw}",
                "correct OTEL_EXPORTER_OTLP_ENDPOINT and _PROTOCOL; where that is right, the"
                f" collector has no pipeline for {signal}; both logs have the response",
            )

    def drops(self, signal: str) -> Mapping[str, float]:
        """The telemetry of this kind that the proxy has dropped since the call, by reason."""
        now = _dropped_on(self.hops.read(self.hops.metrics))
        return {
            reason: count - self.dropped.get((kind, reason), 0.0)
            for (kind, reason), count in now.items()
            if kind == signal and count > self.dropped.get((kind, reason), 0.0)
        }

    def uptime(self) -> float:
        """For how many seconds the proxy runs, as its page says; 0 if it does not."""
        return uptime_on(self.hops.read(self.hops.metrics))


def uptime_on(page: str) -> float:
    """For how many seconds a process runs, as its own page says; 0 if it does not."""
    found = re.search(r"^process_start_time_seconds(?:{.*})? (\S+)", page, re.MULTILINE)
    return time.time() - float(found[1]) if found else 0.0


def series_of(server: str) -> str:
    """The selector of this client's successful requests to a server."""
    return f'{CALLS}{{server={quoted(server)},client="{CLIENT}",outcome="{Outcome.OK}"}}'


def count_on(page: str, server: str) -> float:
    """Successful requests of this client; other outcomes may be stale where the proxy restarted."""
    if f"\n{CALLS}{{" not in page:
        return 0.0
    wanted = {"client": CLIENT, "server": server, "outcome": Outcome.OK.value}
    return sum(value for _, value in values_on(page, CLIENT_CALLS.family, **wanted))


def values_on(page: str, family: str, **labels: str) -> Iterator[tuple[Mapping[str, str], float]]:
    """Labels and values of a counter or gauge on a page of the Prometheus text format.

    `labels` are those that they must have.
    """
    with suppress(ValueError):
        for each in text_string_to_metric_families(page):
            if each.name == family:
                yield from (
                    (sample.labels, sample.value)
                    for sample in each.samples
                    if sample.name in (family, f"{family}_total")
                    and labels.items() <= sample.labels.items()
                )


def _dropped_on(page: str) -> Mapping[tuple[str, str], float]:
    found = values_on(page, TELEMETRY_DROPPED.family)
    return {(labels["signal"], labels["reason"]): value for labels, value in found}
