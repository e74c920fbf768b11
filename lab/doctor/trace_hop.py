"""The hop of the trace: from the proxy through the collector to the trace store."""

from contextlib import suppress

from lab.doctor.clock import check_clock
from lab.doctor.examination import FAILED, Examination, Lost
from lab.doctor.metrics_hops import check_refused
from lab.http_page import read_page
from lab.jaeger_api import Jaeger, Span
from lab.prometheus_api import QueryRefused, Unreachable

_WAITING = 'sum({__name__=~"otelcol_exporter_(queue_size|in_flight_requests)"}) > 0'
"""What the collector's exporters hold, as they do while they try again."""


def traced(given: Examination) -> str:
    """The trace store has the call's trace, with a span of the server's proxy."""
    if given.hops.jaeger is None:
        return "not known: give --jaeger"
    jaeger = Jaeger(given.hops.jaeger)
    trace_id = given.call.trace_id
    spans: tuple[Span, ...] = ()

    def has_span() -> bool:
        nonlocal spans
        with suppress(Unreachable):  # An unknown trace is one, too.
            spans = jaeger.trace(trace_id)
        return any(each.service == given.hops.server for each in spans)

    if given.until(has_span):
        check_clock(given)
        return f"trace {trace_id} has a span of {given.hops.server}"
    if not read_page(f"{given.hops.jaeger}/api/services"):
        raise Lost(
            f"{given.hops.jaeger} does not respond",
            "start Jaeger, or correct its URL; its log has why it ended, such as a full disk",
        )
    check_refused(given, "spans")
    given.check_drops("traces")
    with suppress(Unreachable, QueryRefused):
        failed = given.prometheus.query(FAILED % "spans") or given.prometheus.query(_WAITING)
        if failed:
            raise Lost(
                f"the collector could not export spans: {failed[0].value:g} failed or wait",
                "correct the endpoint of the collector's exporter for traces, or free the trace"
                " store's disk; the collector's log has the reason",
            )
    services = {each.service for each in spans}
    others = f"only spans of {', '.join(sorted(services))}" if services else "no span"
    raise Lost(
        f"trace {trace_id} has {others}, and nothing was reported as dropped",
        "let the proxy export traces (OTEL_TRACES_EXPORTER=otlp) under the server's name"
        " (OTEL_SERVICE_NAME) and follow the caller's decision (OTEL_TRACES_SAMPLER=parentbased_*;"
        " always_off samples none), and let the collector have a traces pipeline",
    )
