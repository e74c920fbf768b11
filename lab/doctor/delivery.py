"""How counts get to Prometheus: by which target, how recently, and by how many paths."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from dashboards.promql.scope import quoted
from lab.doctor.examination import Due, Examination, Lost, NotDue, uptime_on
from lab.doctor.options import MARGIN_SECONDS
from lab.http_page import read_page
from lab.prometheus_api import Target, Unreachable
from proxy.telemetry.catalogue import UPSTREAM_UP

Path = tuple[tuple[str, str], ...]
"""The labels of a series, which differ by the path that it comes by."""


@dataclass(slots=True)
class Delivery:
    """What happens on the way to Prometheus since a time, in seconds since the epoch by its clock.

    Methods raise Unreachable and QueryRefused.
    """

    given: Examination
    since: float

    @property
    def due(self) -> Due:
        """When Prometheus gets a count that the hop before it has."""
        return Due(self._lag + self.given.hops.store_seconds, self._why, self._in_vain)

    @property
    def _lag(self) -> float:
        """When the hop before Prometheus has the count, if its page does not show that."""
        return 0.0 if self.given.hops.collected else self.given.push_seconds

    def targets(self) -> tuple[Target, ...]:
        """All targets; () for other stores with Prometheus' API, which scrape nothing."""
        with suppress(Unreachable):
            return self.given.prometheus.targets()
        return ()

    def relevant(self, targets: Sequence[Target]) -> tuple[Target, ...]:
        """Those that carry the count, as far as it is known which do; else all."""
        known = self.given.hops.scraped
        return tuple(
            each for each in targets if known is None or urlsplit(each.url).netloc in known
        )

    def check_targets(self) -> None:
        """Raise Lost if Prometheus has no target for the count, or cannot scrape it."""
        every, known = self.targets(), self.given.hops.scraped
        relevant = self.relevant(every)
        if known and every and not relevant:
            raise Lost(
                f"Prometheus has no target at {' or '.join(known)}",
                "let a ServiceMonitor select it; Prometheus takes a new one within a minute or two",
            )
        failing = [each for each in relevant if each.error]
        if failing:
            saw = "; ".join(f"{each.job} at {each.url}: {each.error}" for each in failing)
            raise Lost(f"Prometheus cannot scrape {saw}", "correct the target's address or scheme")

    def check_due(self) -> None:
        """Raise NotDue if the wait was too short for the interval."""
        hops = self.given.hops
        interval = self.due.interval
        seconds = hops.seconds_for(interval)
        if seconds >= interval or self._is_scraped():
            return
        enough = max(self.given.push_seconds, interval) + 1
        raise NotDue(
            f"not there after {seconds:g} s, and not due yet: {self._why()}",
            f"leave --wait out, or give {enough:g} or more",
        )

    def _is_scraped(self) -> bool:
        """Whether the targets that carry the count were scraped since, if they are known."""
        known = self.relevant(self.targets()) if self.given.hops.scraped else ()
        since = self.since
        if self.given.hops.push_seconds and not self.given.hops.collected:
            since += self._lag + MARGIN_SECONDS
        return bool(known) and all(each.scraped > since for each in known)

    def _why(self) -> str:
        hops = self.given.hops
        if not hops.scraped:
            return f"metrics are pushed every {hops.push_seconds:g} s"
        now = _now(self.given)
        last = (
            f"{each.url} is scraped every {each.interval}, the last time"
            f" {f'{now - each.scraped:.0f} s ago' if each.scraped > 0 else 'never'}"
            for each in self.relevant(self.targets())
        )
        return "; ".join(last)

    def _in_vain(self) -> bool:
        every = self.targets() if self.given.hops.scraped else ()
        known = self.relevant(every)
        if every and not known or self._is_scraped():
            return True
        if any(each.scraped <= 0 for each in known):
            return False
        return self._is_overdue() or bool(self.given.drops("metrics"))

    def _is_overdue(self) -> bool:
        """Whether nothing came of the proxy for longer than the intervals of its path."""
        given = self.given
        fresh = given.hops.fresh_seconds
        ages = [_now(given) - time for time in _times(given).values()]
        # Neither of them could deliver before it started.
        up = given.uptime(), uptime_on(read_page(f"{given.hops.prometheus}/metrics"))
        return min(*up, *ages) > fresh


def begin_delivery(given: Examination) -> Delivery:
    """The delivery from now on. Raises Unreachable and QueryRefused."""
    return Delivery(given, _now(given))


def check_paths(given: Examination) -> None:
    """Raise Lost if the same proxy's series come by two paths, which counts each call twice.

    A path that has ended is still returned for five minutes: only those count that deliver.
    """
    fresh = given.hops.fresh_seconds
    now = _now(given)
    first = {path: time for path, time in _times(given).items() if now - time <= fresh}
    live: set[Path] = set()

    def settled() -> bool:
        now, times = _now(given), _times(given)
        live.update(path for path in first if times.get(path, 0.0) > first[path])
        return all(path in live or now - time > fresh for path, time in first.items())

    if _is_one_each(first):
        return
    given.until(settled, Due(fresh, lambda: "a second path may have ended", lambda: False))
    if _is_one_each(live):
        return
    names = {name for path in live for name, _ in path}
    different = ", ".join(sorted(name for name in names if _differs(name, live)))
    raise Lost(
        f"{_series(given)} is stored {len(live)} times, told apart by {different}",
        "let one path carry the metrics: scrape the proxy, or let it push (OTEL_METRICS_EXPORTER)",
    )


def _is_one_each(paths: set[Path] | Mapping[Path, float]) -> bool:
    """Whether no pod has more than one; without pods, whether there is not more than one."""
    pods = {dict(each).get("pod") for each in paths} - {None}
    return len(paths) <= max(1, len(pods))


def _differs(name: str, paths: set[Path]) -> bool:
    return len({dict(each).get(name) for each in paths}) > 1


def _times(given: Examination) -> Mapping[Path, float]:
    """When the newest samples of the proxy's gauge were taken, by the path that they came by."""
    found = given.prometheus.query(f"timestamp({_series(given)})")
    return {tuple(sorted(each.labels.items())): each.value for each in found}


def _series(given: Examination) -> str:
    return f"{UPSTREAM_UP.series}{{server={quoted(given.hops.server)}}}"


def _now(given: Examination) -> float:
    return given.prometheus.query("time()")[0].value
