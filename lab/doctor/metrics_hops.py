"""The hops of the metrics: collector, Prometheus, and the rules that boards and alerts read."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from dashboards.promql.scope import quoted
from dashboards.queries import rule_queries
from lab.doctor.call import CLIENT
from lab.doctor.clock import check_clock
from lab.doctor.delivery import Delivery, begin_delivery, check_paths
from lab.doctor.examination import (
    CALLS,
    FAILED,
    Due,
    Examination,
    Lost,
    NotDue,
    count_on,
    series_of,
    values_on,
)
from lab.doctor.options import MARGIN_SECONDS
from lab.http_page import read_page
from lab.prometheus_api import QueryRefused, Sample, Unreachable
from proxy.telemetry.catalogue import CLIENT_CALLS, REQUEST_DURATION, UPSTREAM_UP

REFUSED = 'sum({__name__=~"otelcol_(receiver|processor)_refused_%s(_total)?"}) > 0'
"""What the collector did not take since it started; its memory limiter counts in it."""
PUSH_SECONDS = 10.0
"""A push with all its attempts takes so long at most (OTEL_EXPORTER_OTLP_TIMEOUT's default)."""
_WAL_FAILURES = "prometheus_tsdb_wal_writes_failed"


def collected(given: Examination) -> str:
    """The collector is there, exposes the count, and the proxy has dropped nothing."""
    hops = given.hops
    if hops.collector is not None and not hops.read(hops.collector):
        raise Lost(f"{hops.collector} does not respond", "start the collector; see its log")
    if hops.collected is None:
        return "the collector is up" if hops.collector else "not known: give --collector"
    page = ""

    def exposes() -> bool:
        nonlocal page
        page = hops.read(hops.collected or "")
        return given.is_new(count_on(page, hops.server))

    def in_vain() -> bool:
        # Spans go to the same collector, and sooner.
        if given.drops("metrics") or given.drops("traces"):
            return True
        known = any(values_on(page, UPSTREAM_UP.family, server=hops.server))
        return not known and given.uptime() > hops.push_seconds + MARGIN_SECONDS

    due = min(PUSH_SECONDS, hops.push_seconds) if given.flushed else hops.push_seconds
    how = "now, and may try for" if given.flushed else "every"
    why = f"the proxy pushes metrics {how} {due:g} s"
    if given.until(exposes, Due(due, lambda: why, in_vain)):
        return f"it exposes {CALLS}"
    check_refused(given, "metric_points")
    given.check_drops("metrics")
    if hops.push_seconds:
        given.check_drops("traces")
    if f"\n{CLIENT_CALLS.family}{{" in page:
        raise Lost(
            f"{hops.collected} has {CLIENT_CALLS.family}, but no {CALLS}",
            "let the collector's prometheus exporter add suffixes (translation_strategy)",
        )
    seconds = hops.seconds_for(due)
    if seconds < due and not in_vain():
        raise NotDue(
            f"not there after {seconds:g} s, and not due yet: {why}",
            f"leave --wait out, or give {due + 1:g} or more",
        )
    raise Lost(
        f"{hops.collected} does not have {CALLS} of this call",
        "let the proxy export metrics (OTEL_METRICS_EXPORTER=otlp) to this collector"
        " (OTEL_EXPORTER_OTLP_ENDPOINT), at an interval below --wait; its log has what failed",
    )


def check_refused(given: Examination, kind: str) -> None:
    """Raise Lost if the collector refuses what proxies send; `kind` is metric_points or spans."""
    with suppress(Unreachable, QueryRefused):
        if refused := given.prometheus.query(REFUSED % kind):
            raise Lost(
                f"the collector refused {refused[0].value:g} {kind.replace('_', ' ')}: its memory"
                ' limiter says "data refused due to high memory usage" in its log',
                "raise the collector's memory (memory_limiter: limit_mib, or the container's"
                " limit; size of a stack), or send it less",
                "at the collector",
            )


def stored(given: Examination) -> str:
    """Prometheus has the count, once, under the server's name."""
    found: tuple[Sample, ...] = ()

    def has_count() -> bool:
        nonlocal found
        found = given.samples()
        return any(given.is_new(each.value) for each in found)

    try:
        delivery = begin_delivery(given)
        if not given.until(has_count, delivery.due):
            _explain_missing(given, found, delivery)
        check_paths(given)
        _check_histograms(given)
    except Unreachable as wrong:
        raise Lost(str(wrong), "start Prometheus, or correct its URL") from wrong
    except QueryRefused as wrong:
        raise Lost(str(wrong), "give the URL of a Prometheus of version 3 or newer") from wrong
    value = next(each.value for each in found if given.is_new(each.value))
    return f"{series_of(given.hops.server)} is {value:g}"


def _explain_missing(given: Examination, found: Sequence[Sample], delivery: Delivery) -> NoReturn:
    """Raise Lost for a count that is not in Prometheus, or NotDue."""
    server, prometheus = given.hops.server, given.prometheus
    if not given.hops.collected:
        given.check_drops("metrics")
    delivery.check_targets()
    _check_disk(given)
    if prometheus.query(series_of(server).replace("server=", "exported_server=")):
        raise Lost(
            f"the series has the server's name as exported_server, not as server: {CALLS}",
            "set honor_labels: true (ServiceMonitor: honorLabels) where Prometheus scrapes it",
        )
    if prometheus.query(f'{CLIENT_CALLS.family}{{client="{CLIENT}"}}'):
        raise Lost(
            f"stored as {CLIENT_CALLS.family}, without _total",
            "let the collector's exporter add suffixes (translation_strategy)",
        )
    check_clock(given)
    rejected = prometheus.query(FAILED % "metric_points")
    if rejected:
        raise Lost(
            f"the collector could not write {rejected[0].value:g} data points to Prometheus",
            "start Prometheus with --web.enable-remote-write-receiver, or correct the endpoint of"
            " the collector's prometheusremotewrite exporter; its log has the response",
        )
    delivery.check_due()
    age = prometheus.query(f"time() - max(timestamp({series_of(server)}))")
    unknown = not given.hops.push_seconds and not given.hops.store_seconds
    if found and unknown and age[0].value < given.hops.wait:
        raise NotDue(
            f"stored, but {max(each.value for each in found):g} instead of {given.counted:g} after"
            f" {given.hops.wait:g} s",
            "give --wait above the scrape interval and the push interval together",
        )
    raise Lost(
        f"Prometheus has no new {CALLS} of server {server!r}, and all its targets are up",
        "let a scrape job or ServiceMonitor select this proxy (or the collector, where proxies"
        " push): compare its selector with the Service's labels, and the port's name",
    )


def _check_disk(given: Examination) -> None:
    """Raise Lost if Prometheus reports on its own page that it cannot write what it takes."""
    page = read_page(f"{given.hops.prometheus}/metrics")
    failures = _total(page, _WAL_FAILURES)
    if failures:
        raise Lost(
            f"Prometheus takes samples but cannot write them: {failures:g} failed writes to its"
            " write-ahead log",
            "free its disk: give it more storage (storageSize on a cluster) or a shorter retention"
            " (--storage.tsdb.retention.size), then restart it; its log has the reason",
        )


def _total(page: str, family: str) -> float:
    found = (line.rpartition(" ")[2] for line in page.splitlines() if line.startswith(f"{family}_"))
    return sum(float(each) for each in found)


def _check_histograms(given: Examination) -> None:
    """Raise Lost if there are native histograms, and no classic ones, which boards read."""
    family, server = REQUEST_DURATION.family, quoted(given.hops.server)
    query = f"histogram_count({family}{{server={server}}})"
    # What is no longer stored is still returned for five minutes.
    classic = (
        f"time() - timestamp({family}_count{{server={server}}}) < {given.hops.fresh_seconds:g}"
    )
    if given.prometheus.query(query) and not given.prometheus.query(classic):
        raise Lost(
            f"Prometheus stores {family} as a native histogram only; boards read {family}_bucket",
            "keep classic histograms (convert_classic_histograms_to_nhcb: false), or load rules of"
            " make dashboards NATIVE_HISTOGRAMS=on",
        )


def evaluated(given: Examination) -> str:
    """Prometheus has the rules that boards and alerts read, and none fails."""
    try:
        rules = given.prometheus.rules()
    except Unreachable as wrong:
        raise Lost(str(wrong), "start Prometheus, or load the rules where it is asked") from wrong
    names = {each.name for each in rules}
    missing = sorted({each.panel for each in rule_queries()} - names)
    if missing:
        raise Lost(
            f"{len(missing)} of our rules are not loaded: {', '.join(missing[:3])}, ...",
            "load build/rules/mcp.yaml (`make dashboards`), or let Prometheus' ruleSelector select"
            " the PrometheusRule",
        )
    failing = [each for each in rules if each.health == "err"]
    if failing:
        raise Lost(f"rule {failing[0].name} fails: {failing[0].error}", "see the rule's error")
    return f"{len(names)} rules are loaded, and none fails"
