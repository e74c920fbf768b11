"""The hops of a call, from the client to the rules, each checked after the one before it."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import NoReturn

import requests
from prometheus_client.parser import text_string_to_metric_families

from dashboards.cli_text import cause
from dashboards.queries import rule_queries
from lab.doctor.call import CLIENT, MarkedCall, Response
from lab.doctor.options import Hops
from lab.jaeger_api import Jaeger
from lab.prometheus_api import Prometheus, Sample, Unreachable
from proxy.telemetry.catalogue import CLIENT_CALLS, TELEMETRY_DROPPED, UPSTREAM_UP, Outcome

POLL_SECONDS = 0.2
REQUEST_SECONDS = 2.0
SKEW_SECONDS = 5.0
"""A sample further in the future than this comes from another clock."""

_CALLS = CLIENT_CALLS.series
_FAILURES = 'sum({__name__=~"otelcol_exporter_(send|enqueue)_failed_%s(_total)?"}) > 0'
"""What the collector could not export since it started; releases differ in the suffix."""
_WAITING = 'sum({__name__=~"otelcol_exporter_(queue_size|in_flight_requests)"}) > 0'
"""What its exporters hold, as they do while they try again."""
_ADVICE = {
    401: "give the token that the proxy asks for, by --token",
    403: "call the proxy by an address in its --allowed-hosts, with a token of enough scope",
    404: "correct the path: MCP is at /mcp, or at the path of the server's URL",
    405: "correct the path: this is not an MCP endpoint",
    421: "call the proxy by an address in its --allowed-hosts",
    429: "end unused sessions, or raise the limit that the response names",
}


class Lost(Exception):
    """A hop lost the call: what it shows instead, and what to do."""

    def __init__(self, saw: str, fix: str) -> None:
        super().__init__(saw)
        self.saw = saw
        self.fix = fix


@dataclass(slots=True)
class Examination:
    """The call that was sent, and what the checks so far have found."""

    hops: Hops
    call: MarkedCall
    prometheus: Prometheus
    initialized: Response | None = None
    pings: int = 1
    before: float = 0.0
    """How many requests of this client the proxy had counted."""
    counted: float = 0.0
    """How many it has counted since, in all."""
    stale: frozenset[float] = frozenset()
    """The counts that collector and Prometheus had before: the new one differs from them."""
    dropped: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Telemetry that the proxy had dropped, by signal and reason."""


def client_to_proxy(given: Examination) -> str:
    """The proxy takes the call, even if it cannot reach the server."""
    _note_counts(given)
    url = given.call.url
    try:
        answer = given.initialized = given.call.initialize()
    except requests.exceptions.SSLError as wrong:
        raise Lost(f"{url}: no TLS there: {cause(wrong)}", "write http:// instead") from wrong
    except requests.ConnectionError as wrong:
        fix = "start the proxy, or correct the port; where something ends TLS, write https://"
        raise Lost(f"{url}: {cause(wrong)}", fix) from wrong
    except requests.RequestException as wrong:
        if url.startswith("https:"):
            raise Lost(f"{url}: no TLS there: {cause(wrong)}", "write http:// instead") from wrong
        return "connected"  # The next check finds out why there is no response.
    if answer.error and answer.status < 500:
        fix = _ADVICE.get(answer.status, "give the URL of an MCP endpoint: /mcp at the proxy")
        raise Lost(f"{url}: {answer.error}", fix)
    return f"{url} responds"


def proxy_to_server(given: Examination) -> str:
    """The server has answered `initialize`, and answers `ping`."""
    silent = f"no response within {given.call.seconds:g} s"
    try:
        saw = silent if given.initialized is None else given.initialized.error
        saw = saw or given.call.ping(given.pings).error
    except requests.RequestException as wrong:
        saw = f"{silent}: {cause(wrong)}"
    if not saw:
        return "initialize and ping have results"
    ready = _get(re.sub(r"/metrics$", "/readyz", given.hops.metrics)).strip()
    raise Lost(
        f"{saw}{'; /readyz: ' if ready else ''}{ready}",
        "start the server, or correct the proxy's --upstream or command; its log has the reason",
    )


def counted_by_proxy(given: Examination) -> str:
    """The proxy's own /metrics count the call."""
    url, server = given.hops.metrics, given.hops.server
    page = ""

    def counts() -> bool:
        nonlocal page
        page = _get(url)
        given.counted = _counted(page, server)
        return given.counted >= given.before + 1 + given.pings

    if _until(given, counts):
        return f"{_CALLS} is {given.counted:g} at {url}"
    if not page:
        raise Lost(f"{url} does not respond", "give the address of its --metrics-listen")
    if _CALLS not in page:
        raise Lost(f"{url} has no {_CALLS}", "give the /metrics of this project's proxy")
    servers = sorted(set(re.findall(r'[{,]server="([^"]*)"', page)))
    raise Lost(
        f"{url} counts no call of client {CLIENT!r} to server {server!r}; it has {servers}",
        "give --mcp and --metrics of the same proxy, and its --server-name as --server",
    )


def collected(given: Examination) -> str:
    """The collector is there, exposes the count, and the proxy has dropped nothing."""
    hops = given.hops
    if hops.collector is not None and not _get(hops.collector):
        raise Lost(f"{hops.collector} does not respond", "start the collector; see its log")
    if hops.collected is None:
        return "the collector is up" if hops.collector else "not known: give --collector"
    page = ""

    def exposes() -> bool:
        nonlocal page
        page = _get(hops.collected or "")
        return _is_new(given, _counted(page, hops.server))

    if _until(given, exposes):
        return f"it exposes {_CALLS}"
    _check_drops(given, "metrics")
    if f"\n{CLIENT_CALLS.family}{{" in page:
        raise Lost(
            f"{hops.collected} has {CLIENT_CALLS.family}, but no {_CALLS}",
            "let the collector's prometheus exporter add suffixes (translation_strategy)",
        )
    raise Lost(
        f"{hops.collected} does not have {_CALLS} of this call",
        "let the proxy export metrics (OTEL_METRICS_EXPORTER=otlp) to this collector"
        " (OTEL_EXPORTER_OTLP_ENDPOINT), at an interval below --wait; its log has what failed",
    )


def stored(given: Examination) -> str:
    """Prometheus has the count, once, under the server's name."""
    server = given.hops.server
    query = _series(server)
    found: tuple[Sample, ...] = ()

    def has_count() -> bool:
        nonlocal found
        found = _stored(given.prometheus, server)
        return any(_is_new(given, each.value) for each in found)

    try:
        there = _until(given, has_count)
        if not there:
            _explain_missing(given, found)
    except Unreachable as wrong:
        raise Lost(str(wrong), "start Prometheus, or correct its URL") from wrong
    _check_paths(given)
    _check_clock(given, query)
    return f"{query} is {found[0].value:g}"


def _explain_missing(given: Examination, found: Sequence[Sample]) -> NoReturn:
    """Raise Lost for a count that is not in Prometheus."""
    server, prometheus = given.hops.server, given.prometheus
    _check_drops(given, "metrics")
    failing = [each for each in prometheus.targets() if each.error]
    if failing:
        saw = "; ".join(f"{each.job} at {each.url}: {each.error}" for each in failing)
        raise Lost(f"Prometheus cannot scrape {saw}", "correct the target's address or scheme")
    if prometheus.query(_series(server).replace("server=", "exported_server=")):
        raise Lost(
            f"the series has the server's name as exported_server, not as server: {_CALLS}",
            "set honor_labels: true (ServiceMonitor: honorLabels) where Prometheus scrapes it",
        )
    if prometheus.query(f'{CLIENT_CALLS.family}{{client="{CLIENT}"}}'):
        raise Lost(
            f"stored as {CLIENT_CALLS.family}, without _total",
            "let the collector's exporter add suffixes (translation_strategy)",
        )
    rejected = prometheus.query(_FAILURES % "metric_points")
    if rejected:
        raise Lost(
            f"the collector could not write {rejected[0].value:g} data points to Prometheus",
            "start Prometheus with --web.enable-remote-write-receiver, or correct the endpoint of"
            " the collector's prometheusremotewrite exporter; its log has the response",
        )
    age = prometheus.query(f"time() - max(timestamp({_series(server)}))")
    if found and age[0].value < given.hops.wait:
        raise Lost(
            f"stored, but {max(each.value for each in found):g} instead of {given.counted:g} after"
            f" {given.hops.wait:g} s",
            "give --wait above the scrape interval and the push interval together",
        )
    raise Lost(
        f"Prometheus has no new {_CALLS} of server {server!r}, and all its targets are up",
        "let a scrape job or ServiceMonitor select this proxy (or the collector, where proxies"
        " push): compare its selector with the Service's labels, and the port's name",
    )


def _check_paths(given: Examination) -> None:
    """Raise Lost if the same proxy's series come by two paths, which counts each call twice."""
    of_server = f"{UPSTREAM_UP.series}{{server={json.dumps(given.hops.server)}}}"
    # A path that has ended is still returned for five minutes.
    found = given.prometheus.query(f"time() - timestamp({of_server}) < {given.hops.wait:g}")
    pods = {each.labels.get("pod") for each in found} - {None}
    if len(found) > max(1, len(pods)):
        names = {name for each in found for name in each.labels}
        different = ", ".join(sorted(name for name in names if _differs(name, found)))
        raise Lost(
            f"{of_server} is stored {len(found)} times, told apart by {different}",
            "let one path carry the metrics: scrape the proxy, or let it push"
            " (OTEL_METRICS_EXPORTER)",
        )


def _check_clock(given: Examination, query: str) -> None:
    ahead = given.prometheus.query(f"max(timestamp({query})) - time()")
    if ahead and ahead[0].value > SKEW_SECONDS:
        raise Lost(
            f"samples are {ahead[0].value:.0f} s in the future by Prometheus' clock",
            "synchronize the clocks of collector and Prometheus",
        )


def traced(given: Examination) -> str:
    """The trace store has the call's trace, with a span of the server's proxy."""
    if given.hops.jaeger is None:
        return "not known: give --jaeger"
    jaeger = Jaeger(given.hops.jaeger)
    trace_id = given.call.trace_id
    services: set[str] = set()

    def has_span() -> bool:
        with suppress(Unreachable):  # An unknown trace is one, too.
            services.update(each.service for each in jaeger.trace(trace_id))
        return given.hops.server in services

    if _until(given, has_span):
        return f"trace {trace_id} has a span of {given.hops.server}"
    if not _get(f"{given.hops.jaeger}/api/services"):
        raise Lost(f"{given.hops.jaeger} does not respond", "start Jaeger, or correct its URL")
    _check_drops(given, "traces")
    failed = given.prometheus.query(_FAILURES % "spans") or given.prometheus.query(_WAITING)
    if failed:
        raise Lost(
            f"the collector could not export spans: {failed[0].value:g} failed or wait",
            "correct the endpoint of the collector's exporter for traces; its log has the reason",
        )
    others = f"only spans of {', '.join(sorted(services))}" if services else "no span"
    raise Lost(
        f"trace {trace_id} has {others}, and nothing was reported as dropped",
        "let the proxy export traces (OTEL_TRACES_EXPORTER=otlp) under the server's name"
        " (OTEL_SERVICE_NAME) and follow the caller's decision (OTEL_TRACES_SAMPLER=parentbased_*;"
        " always_off samples none), and let the collector have a traces pipeline",
    )


def evaluated(given: Examination) -> str:
    """Prometheus has the rules that boards and alerts read, and none fails."""
    try:
        rules = given.prometheus.rules()
    except Unreachable as wrong:
        raise Lost(str(wrong), "start Prometheus") from wrong
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


CHECKS: Mapping[str, Callable[[Examination], str]] = {
    "client to proxy": client_to_proxy,
    "proxy to server": proxy_to_server,
    "counted by the proxy": counted_by_proxy,
    "at the collector": collected,
    "in Prometheus": stored,
    "in the trace store": traced,
    "rules": evaluated,
}
"""The hops in order."""


def _check_drops(given: Examination, signal: str) -> None:
    """Raise Lost if the proxy has dropped telemetry of this kind since the call."""
    now = _dropped(_get(given.hops.metrics))
    lost = {
        reason: count - given.dropped.get((kind, reason), 0.0)
        for (kind, reason), count in now.items()
        if kind == signal and count > given.dropped.get((kind, reason), 0.0)
    }
    if lost:
        saw = ", ".join(f"{reason} {count:g}" for reason, count in lost.items())
        raise Lost(
            f"the proxy dropped {signal}: {saw}",
            "correct OTEL_EXPORTER_OTLP_ENDPOINT and _PROTOCOL; where that is right, the collector"
            f" has no pipeline for {signal}, or its memory limiter refuses: both logs have the"
            " response",
        )


def _series(server: str) -> str:
    return f'{_CALLS}{{server={json.dumps(server)},client="{CLIENT}",outcome="{Outcome.OK}"}}'


def _stored(prometheus: Prometheus, server: str) -> tuple[Sample, ...]:
    """The counts that Prometheus has of this client, one for each path that they came by."""
    return prometheus.query(_series(server))


def _note_counts(given: Examination) -> None:
    """Note what each hop has counted before, and choose how many requests make a new count."""
    hops = given.hops
    page = _get(hops.metrics)
    given.before, given.dropped = _counted(page, hops.server), _dropped(page)
    stale = {_counted(_get(hops.collected), hops.server)} if hops.collected else set()
    with suppress(Unreachable):
        stale |= {each.value for each in _stored(given.prometheus, hops.server)}
    given.stale = frozenset(stale)
    given.pings = next(n for n in count(1) if given.before + 1 + n not in stale)


def _is_new(given: Examination, value: float) -> bool:
    return value >= given.counted and value not in given.stale


def _differs(name: str, samples: Sequence[Sample]) -> bool:
    return len({each.labels.get(name) for each in samples}) > 1


def _until(given: Examination, condition: Callable[[], bool]) -> bool:
    """Whether it holds within the time that a hop may take."""
    end = time.monotonic() + given.hops.wait
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _get(url: str) -> str:
    """The text at a URL; "" if there is none. A page of /readyz counts whatever its status."""
    with requests.Session() as http:
        http.trust_env = False
        try:
            return http.get(url, timeout=REQUEST_SECONDS).text
        except requests.RequestException:
            return ""


def _values(page: str, family: str) -> Iterator[tuple[Mapping[str, str], float]]:
    """Labels and values of a counter on a page of the Prometheus text format."""
    with suppress(ValueError):
        for each in text_string_to_metric_families(page):
            if each.name == family:
                yield from (
                    (sample.labels, sample.value)
                    for sample in each.samples
                    if sample.name == f"{family}_total"
                )


def _counted(page: str, server: str) -> float:
    """Successful requests of this client; other outcomes may be stale where the proxy restarted."""
    if f"\n{_CALLS}{{" not in page:
        return 0.0
    wanted = {"client": CLIENT, "server": server, "outcome": Outcome.OK.value}
    found = _values(page, CLIENT_CALLS.family)
    return sum(value for labels, value in found if wanted.items() <= labels.items())


def _dropped(page: str) -> Mapping[tuple[str, str], float]:
    found = _values(page, TELEMETRY_DROPPED.family)
    return {(labels["signal"], labels["reason"]): value for labels, value in found}
