"""Calls sent, counted and traced are compared, and every difference is named."""

from lab.jaeger_api import Span
from lab.prometheus_api import Sample
from lab.verify.reconciliation import (
    Counts,
    OutcomeCounts,
    counts_by,
    logged_calls,
    mismatches,
    outcome_counts,
    traced_calls,
    without_fine,
)
from proxy.telemetry.catalogue import Outcome, Status


def span(
    trace: str,
    kind: str = "server",
    method: str = "tools/call",
    service: str = "echo",
    **tags: str,
) -> Span:
    all_tags = {"span.kind": kind, "mcp.method.name": method, "mcp.proxy.outcome": "ok", **tags}
    return Span(trace, "s2", "s1", method, service, all_tags)


def test_a_row_agrees_when_all_three_numbers_are_equal() -> None:
    counts: Counts = {"echo": {Outcome.OK: 3, Outcome.TOOL_ERROR: 1}}
    rows = outcome_counts(counts, counts, {"echo": {"ok": 3}})
    assert rows == (
        OutcomeCounts("echo", Outcome.OK, 3, 3, 3),
        OutcomeCounts("echo", Outcome.TOOL_ERROR, 1, 1, 0),
    )
    assert [row.agree for row in rows] == [True, False]


def test_an_outcome_that_was_not_sent_has_a_row() -> None:
    rows = outcome_counts({"echo": {}}, {"echo": {"timeout": 2}}, {})
    assert rows == (OutcomeCounts("echo", Outcome.TIMEOUT, 0, 2, 0),)
    assert not rows[0].agree


def test_samples_with_value_0_are_left_out() -> None:
    samples = (
        Sample({"server": "a", "outcome": "ok"}, 5.0),
        Sample({"server": "a", "outcome": "rejected"}, 0.0),
    )
    assert counts_by("outcome", samples) == {"a": {"ok": 5}}


def test_a_metric_by_status_must_agree() -> None:
    sent: Counts = {"a": {Outcome.OK: 4, Outcome.TOOL_ERROR: 1, Outcome.PROTOCOL_ERROR: 2}}
    assert mismatches(sent, "m", {"a": {"success": 4, "error": 3}}) == ()
    [row] = mismatches(sent, "m", {"a": {"success": 4}})
    assert (row.status, row.expected, row.counted) == (Status.ERROR, 3, 0)
    assert str(row) == "a: m counts 0 calls of status error, 3 were sent"


def test_only_distinct_traces_with_a_server_span_of_a_call_count() -> None:
    spans = (
        span("1"),
        span("1", kind="client"),
        span("2", **{"mcp.proxy.outcome": "tool_error"}),
        span("3", kind="client"),
        span("4", method="initialize"),
    )
    assert traced_calls("echo", spans) == {"1": "ok", "2": "tool_error"}


def test_spans_of_the_agent_and_of_the_server_itself_are_not_the_proxys() -> None:
    spans = (
        span("1"),
        span("1", service="server", **{"mcp.proxy.outcome": ""}),
        span("2", service="server"),
        span("3", service="agent", kind="client"),
    )
    assert traced_calls("echo", spans) == {"1": "ok"}


def test_a_failed_call_is_logged_once_with_the_trace_of_that_call() -> None:
    traced = {"1": "ok", "2": "tool_error", "3": "tool_error", "4": "timeout"}
    records = (
        {"trace_id": "2", "outcome": "tool_error"},
        {"trace_id": "2", "outcome": "tool_error"},
        {"trace_id": "4", "outcome": "tool_error"},
        {"trace_id": "5", "outcome": "timeout"},
        {"outcome": "timeout"},
    )
    assert logged_calls(records, traced) == {"tool_error": 1}


def test_rows_have_logs_only_where_calls_are_logged() -> None:
    counts: Counts = {"echo": {Outcome.OK: 3, Outcome.TOOL_ERROR: 1}}
    fine, failed = outcome_counts(counts, counts, counts, {"echo": {"tool_error": 1}})
    assert (fine.logged, failed.logged) == (None, 1)
    assert [fine.agree, failed.agree] == [True, True]
    assert without_fine(counts) == {"echo": {"tool_error": 1}}
    _, missing = outcome_counts(counts, counts, counts, {})
    assert not missing.agree
