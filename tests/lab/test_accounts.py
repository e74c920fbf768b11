"""Sent, counted and traced are compared call by call, and every difference is named."""

from lab.accounts import Account, Counts, accounts, by, disagreements, traced
from lab.jaeger_api import Span
from lab.prometheus_api import Sample
from proxy.telemetry.catalogue import Outcome, Status


def span(
    trace: str,
    kind: str = "server",
    method: str = "tools/call",
    service: str = "echo",
    **tags: str,
) -> Span:
    told = {"span.kind": kind, "mcp.method.name": method, "mcp.proxy.outcome": "ok", **tags}
    return Span(trace, "s2", "s1", method, service, told)


def test_a_row_agrees_when_all_three_numbers_are_equal() -> None:
    counts: Counts = {"echo": {Outcome.OK: 3, Outcome.TOOL_ERROR: 1}}
    rows = accounts(counts, counts, {"echo": {"ok": 3}})
    assert rows == (
        Account("echo", Outcome.OK, 3, 3, 3),
        Account("echo", Outcome.TOOL_ERROR, 1, 1, 0),
    )
    assert [row.agrees for row in rows] == [True, False]


def test_an_outcome_that_nobody_sent_gets_a_row_too() -> None:
    rows = accounts({"echo": {}}, {"echo": {"timeout": 2}}, {})
    assert rows == (Account("echo", Outcome.TIMEOUT, 0, 2, 0),)
    assert not rows[0].agrees


def test_samples_become_counts_and_zeros_none() -> None:
    samples = (
        Sample({"server": "a", "outcome": "ok"}, 5.0),
        Sample({"server": "a", "outcome": "rejected"}, 0.0),
    )
    assert by("outcome", samples) == {"a": {"ok": 5}}


def test_a_metric_by_status_must_come_to_the_same() -> None:
    sent: Counts = {"a": {Outcome.OK: 4, Outcome.TOOL_ERROR: 1, Outcome.PROTOCOL_ERROR: 2}}
    assert disagreements(sent, "m", {"a": {"success": 4, "error": 3}}) == ()
    [row] = disagreements(sent, "m", {"a": {"success": 4}})
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
    assert traced("echo", spans) == {"ok": 1, "tool_error": 1}


def test_spans_of_the_agent_and_of_the_server_itself_are_not_the_proxys() -> None:
    spans = (
        span("1"),
        span("1", service="server", **{"mcp.proxy.outcome": ""}),
        span("2", service="server"),
        span("3", service="agent", kind="client"),
    )
    assert traced("echo", spans) == {"ok": 1}
