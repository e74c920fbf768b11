"""Rows that differ only in labels that a family does not carry are added up in it."""

import pytest

from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Fault, Metric, Outcome
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.ledger import Distribution, Exemplar, Ledger
from proxy.telemetry.listed_tools import ToolHints, ToolList, ToolSize
from proxy.telemetry.projection import Point, families

OK = (Outcome.OK, Fault.NONE, "", "")


def points(ledger: Ledger, metric: Metric) -> tuple[Point, ...]:
    (family,) = (each for each in families(ledger, None) if each.metric is metric)
    return family.points


@pytest.fixture
def ledger() -> Ledger:
    """Two tools in one bucket, the first of them with the later exemplar."""
    ledger = Ledger("fetch", "stdio")
    ledger.record("tools/call", "a", "POST", 200, *OK, 0.3, 0.001, 1, 1)
    ledger.record("tools/call", "b", "POST", 200, *OK, 0.4, 0.001, 2, 2)
    first, second = ledger.rows.values()
    first.exemplars = {5: Exemplar(0.3, 1, 1, 2000.0)}
    second.exemplars = {5: Exemplar(0.4, 2, 2, 1000.0)}
    return ledger


def test_counts_and_sums_add_up(ledger: Ledger) -> None:
    (point,) = points(ledger, catalogue.REQUEST_DURATION)
    assert isinstance(point.value, Distribution)
    assert sum(point.value.counts) == 2
    assert point.value.total == pytest.approx(0.7)


def test_the_latest_exemplar_of_a_bucket_is_shown(ledger: Ledger) -> None:
    (point,) = points(ledger, catalogue.REQUEST_DURATION)
    assert isinstance(point.value, Distribution)
    assert point.value.exemplars == {5: Exemplar(0.3, 1, 1, 2000.0)}


def test_projecting_changes_nothing_in_the_ledger(ledger: Ledger) -> None:
    before = repr(ledger.rows)
    for _ in range(3):
        assert list(families(ledger, None))
    assert repr(ledger.rows) == before


def test_only_tool_calls_are_counted_by_tool(ledger: Ledger) -> None:
    ledger.record("prompts/get", "a", "POST", 200, *OK, 0.3, 0.001)
    successes = [
        point.value
        for point in points(ledger, catalogue.TOOL_CALLS)
        if point.attributes
        == {"server": "fetch", "transport": "stdio", "tool": "a"} | {"status": "success"}
    ]
    assert successes == [1]


def test_requests_of_all_versions_of_a_client_add_up_and_each_version_is_shown() -> None:
    ledger = Ledger("fetch", "stdio", client_cap=1)
    for version, size in (("1", 30), ("2", 40), ("", 0)):
        caller = ClientInfo("agent", version)
        ledger.record_caller(caller, "", "", Outcome.OK).received += size
    for name in ("more", "agent"):
        ledger.record_caller(ClientInfo(name, "3"), "", "t", Outcome.TIMEOUT)
    common = {"server": "fetch", "transport": "stdio"}
    counted = [
        ({"client": "agent", "outcome": "protocol_error"}, 0),
        ({"client": "agent", "outcome": "ok"}, 3),
        ({"client": "other", "tool_class": "unlisted", "outcome": "tool_error"}, 0),
        ({"client": "other", "tool_class": "unlisted", "outcome": "timeout"}, 1),
        ({"client": "agent", "tool_class": "unlisted", "outcome": "tool_error"}, 0),
        ({"client": "agent", "tool_class": "unlisted", "outcome": "timeout"}, 1),
    ]
    assert points(ledger, catalogue.CLIENT_CALLS) == tuple(
        Point({**common, **labels}, count) for labels, count in counted
    )
    assert points(ledger, catalogue.CLIENT_RESULTS) == tuple(
        Point({**common, "client": name}, size) for name, size in (("agent", 70), ("other", 0))
    )
    versions = ({"version": each} if each else {} for each in ("1", "2", "", "3"))
    assert points(ledger, catalogue.CLIENT_INFO) == tuple(
        Point({**common, "client": "agent", **each}, 1) for each in versions
    )


def sizes(ledger: Ledger) -> dict[tuple[str, str], float | Distribution]:
    found = points(ledger, catalogue.TOOL_DEFINITION_SIZE)
    return {(each.attributes["tool"], each.attributes["part"]): each.value for each in found}


def test_definitions_of_tools_beyond_the_cap_add_up_in_other() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=1)
    listed = {name: ToolSize(1, 2, 3, 4) for name in "abc"}
    ledger.tools_listed(dict.fromkeys(listed, ToolHints()))
    ledger.tools = ToolList(listed, 5, ToolSize(10, 10, 10, 10))
    parts = ("name", "description", "schema", "other")
    own = {("a", part): size for part, size in zip(parts, (1, 2, 3, 4), strict=True)}
    others = {("other", part): size for part, size in zip(parts, (12, 14, 16, 18), strict=True)}
    assert sizes(ledger) == own | others
    assert [each.value for each in points(ledger, catalogue.TOOLS_LISTED)] == [8]


def test_how_many_tools_there_are_is_not_shown_before_the_list_is_complete() -> None:
    assert points(Ledger("fetch", "stdio"), catalogue.TOOLS_LISTED) == ()


def test_without_proc_there_is_no_process_family(ledger: Ledger) -> None:
    names = {family.metric.name for family in families(ledger, None)}
    assert not any(name.startswith("process_") for name in names)
