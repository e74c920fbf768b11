"""The ledger counts each request once and keeps every label bounded."""

import gc
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.telemetry.catalogue import OPERATION_BUCKETS, Fault, Outcome, WasteReason
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.ledger import EVICTED, Labels, Ledger
from proxy.telemetry.listed_tools import MOST_TOOLS, ToolHints
from proxy.telemetry.vocabulary import TOOL_BYTES, DropReason, Signal

KEPT_BYTES = 256 * 1024
"""Far below one hostile string, or one byte for each of 100,000 names with their rows."""

AGENT = ClientInfo("agent", "1")
CALL = Labels("tools/call", "echo", "POST", 200, Outcome.OK, Fault.NONE, "", "2025-11-25")


def record(ledger: Ledger, labels: Labels = CALL, *, seconds: float = 0.015) -> None:
    ledger.record(*labels, seconds, 0.00006)  # type: ignore[arg-type]  # outcome is a str there


def record_tool(ledger: Ledger, tool: str) -> None:
    record(ledger, CALL._replace(tool=tool))


def labels_of(ledger: Ledger) -> list[Labels]:
    return [Labels(*row) for row in ledger.rows]


def tools(ledger: Ledger) -> dict[str, int]:
    """How many calls are counted under each tool."""
    found: Counter[str] = Counter()
    for labels, row in ledger.rows.items():
        found[labels[1]] += sum(row.counts)
    return dict(found)


def overflows(ledger: Ledger) -> dict[str, int]:
    """How many requests are counted as `other`, where there are any."""
    return {label: count for label, count in ledger.overflows.items() if count}


def results(ledger: Ledger) -> dict[tuple[str, str], float]:
    """The bytes of all results under each name."""
    return {key: sizes.total for key, sizes in ledger.result_sizes.items()}


def send_huge(ledger: Ledger, huge: str) -> None:
    record(ledger, CALL._replace(method=huge, http_method=huge, error_type=huge))
    record(ledger, CALL._replace(tool=huge, protocol_version=huge))
    ledger.session_ended(1.0, huge)


@contextmanager
def memory_kept() -> Iterator[Callable[[], int]]:
    """Gives a function: the bytes that were allocated in the block and are still in use."""
    held: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        yield lambda: held[0]
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("fetch", "streamable-http")


def test_equal_requests_share_one_row(ledger: Ledger) -> None:
    record(ledger, seconds=0.015)
    record(ledger, seconds=0.3)
    (row,) = ledger.rows.values()
    assert sum(row.counts) == 2
    assert row.total == pytest.approx(0.315)


@given(st.floats(min_value=0, max_value=1000))
def test_a_value_is_counted_in_the_first_bucket_that_holds_it(seconds: float) -> None:
    ledger = Ledger("fetch", "stdio")
    record(ledger, seconds=seconds)
    (row,) = ledger.rows.values()
    bounds = (*OPERATION_BUCKETS, float("inf"))
    assert bounds[row.counts.index(1)] == min(bound for bound in bounds if seconds <= bound)


def test_overhead_is_counted_for_every_request(ledger: Ledger) -> None:
    record(ledger)
    record_tool(ledger, "fail")
    assert sum(ledger.overhead.counts) == 2
    assert ledger.overhead.total == pytest.approx(0.00012)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (CALL._replace(method="tools/drop"), CALL._replace(method="other")),
        (CALL._replace(method=""), CALL._replace(method="unknown")),
        (CALL._replace(http_method="BREW"), CALL._replace(http_method="other")),
        (CALL._replace(status_code=799), CALL._replace(status_code=0)),
        (CALL._replace(protocol_version="2099"), CALL._replace(protocol_version="other")),
        (CALL._replace(protocol_version=""), CALL._replace(protocol_version="")),
        (CALL._replace(error_type="-32602"), CALL._replace(error_type="-32602")),
        (CALL._replace(error_type="503"), CALL._replace(error_type="503")),
        (CALL._replace(error_type="-1234"), CALL._replace(error_type="_OTHER")),
    ],
)
def test_labels_outside_the_known_sets_become_other(
    ledger: Ledger, given: Labels, kept: Labels
) -> None:
    record(ledger, given)
    record(ledger, given)
    ((labels, row),) = ledger.rows.items()
    assert labels == kept
    assert sum(row.counts) == 2


def test_a_tool_beyond_the_cap_takes_the_place_of_the_least_used_and_others_overflow() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=2)
    for name in ("a", "a", "b", "c", "d", "a"):
        record_tool(ledger, name)
    assert tools(ledger) == {"a": 3, EVICTED: 1, "c": 1, "other": 1}
    assert overflows(ledger) == {"tool": 1}


def test_a_name_has_no_place_before_a_call_of_it_worked() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=1)
    for outcome in set(Outcome) - {Outcome.OK}:
        record(ledger, CALL._replace(tool="invented", outcome=outcome))
    record_tool(ledger, "echo")
    record(ledger, CALL._replace(tool="echo", outcome=Outcome.TOOL_ERROR))
    assert tools(ledger) == {"other": len(Outcome) - 1, "echo": 2}
    assert overflows(ledger) == {}


def test_a_tool_that_is_listed_has_a_place_from_its_first_failure_on() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=2)
    ledger.tools_listed(dict.fromkeys(("fail", "never", "beyond"), ToolHints()))
    record(ledger, CALL._replace(tool="fail", outcome=Outcome.TOOL_ERROR))
    record(ledger, CALL._replace(tool="beyond", outcome=Outcome.TOOL_ERROR))
    record_tool(ledger, "beyond")
    assert tools(ledger) == {"fail": 1, "other": 1, "beyond": 1}


@pytest.mark.parametrize(
    ("read_only", "destructive", "tool_class"),
    [
        (True, None, "read_only"),
        (True, True, "read_only"),
        (False, False, "additive"),
        (None, False, "additive"),
        (False, None, "destructive"),
        (None, True, "destructive"),
        (None, None, "unannotated"),
    ],
)
def test_the_class_of_a_tool_is_what_its_server_lists(
    read_only: bool | None, destructive: bool | None, tool_class: str
) -> None:
    ledger = Ledger("fetch", "stdio")
    name = "x" * (2 * TOOL_BYTES)
    ledger.tools_listed({name: ToolHints(read_only, destructive)})
    for tool in (name, "y", ""):
        ledger.record_caller(AGENT, "", tool, Outcome.OK)
    assert [row[2] for row in ledger.clients.rows] == [tool_class, "unlisted", ""]


def test_the_size_of_a_result_is_counted_for_the_tool_as_its_calls_are() -> None:
    ledger, name = Ledger("fetch", "stdio", tool_cap=1), "x" * 1000
    for tool, outcome in ((name, Outcome.OK), ("failed", Outcome.TOOL_ERROR), (name, Outcome.OK)):
        record(ledger, CALL._replace(tool=tool, outcome=outcome))
        ledger.result_sized("tools/call", tool, 1024)
    own, others = ("tools/call", "x" * TOOL_BYTES), ("tools/call", "other")
    assert results(ledger) == {own: 2048, others: 1024}
    assert ledger.result_sizes[others].counts == [1, 0, 0, 0, 0, 0, 0]


def test_a_tool_that_gives_way_to_another_has_no_results_any_more() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=1)
    for name in ("a", "b"):
        record_tool(ledger, name)
        ledger.result_sized("tools/call", name, 7)
    assert results(ledger) == {("tools/call", "b"): 7}


@pytest.mark.parametrize(
    ("uri", "label"),
    [
        ("file:///etc/hosts", "file:///etc/hosts"),
        ("db://me:secret@host/a@b?token=secret#secret", "db://host/a@b"),
        ("note:1?key=secret", "note:1"),
        ("a\nb\u202ec", "a?b?c"),
        ("x" * 1000, "x" * TOOL_BYTES),
        ("?secret", "other"),
    ],
)
def test_a_resource_is_called_by_its_uri_without_what_may_be_secret(uri: str, label: str) -> None:
    ledger = Ledger("fetch", "stdio")
    ledger.result_sized("resources/read", uri, 7)
    assert results(ledger) == {("resources/read", label): 7}


def test_resources_and_prompts_have_caps_of_their_own(ledger: Ledger) -> None:
    for number in range(100_000):
        ledger.result_sized("resources/read", f"a:{number}", 1)
    ledger.result_sized("prompts/get", "p", 1)
    assert len(ledger.result_sizes) == 52
    assert results(ledger)["resources/read", "other"] == 100_000 - 51
    assert overflows(ledger) == {"resource": 100_000 - 51}


def test_the_classes_of_tools_are_bounded(ledger: Ledger) -> None:
    ledger.tools_listed({f"{number}": ToolHints(True) for number in range(MOST_TOOLS + 1)})
    for number in (MOST_TOOLS - 1, MOST_TOOLS):
        ledger.record_caller(AGENT, "", f"{number}", Outcome.OK)
    assert [row[2] for row in ledger.clients.rows] == ["read_only", "unlisted"]


def test_requests_without_a_tool_take_no_place_under_the_cap() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=1)
    record(ledger, CALL._replace(method="tools/list", tool=""))
    record_tool(ledger, "echo")
    assert [labels.tool for labels in labels_of(ledger)] == ["", "echo"]


def test_the_label_of_a_tool_is_its_cut_name_or_other() -> None:
    ledger = Ledger("fetch", "stdio", tool_cap=1)
    record_tool(ledger, "x" * 1000)
    record(ledger, CALL._replace(tool="y", outcome=Outcome.TIMEOUT))
    assert ledger.tool_label("x" * 2000) == "x" * TOOL_BYTES
    assert ledger.tool_label("y") == "other"


def test_a_hundred_thousand_hostile_names_leave_rows_and_memory_bounded(ledger: Ledger) -> None:
    for number in range(202):
        record_tool(ledger, f"tool-{number}")
    with memory_kept() as kept:
        for number in range(100_000):
            record_tool(ledger, f"hostile-{number}")
    assert len(ledger.rows) == 202
    assert overflows(ledger) == {"tool": 100_001}
    assert kept() < KEPT_BYTES


def test_eight_megabyte_strings_are_not_kept(ledger: Ledger) -> None:
    with memory_kept() as kept:
        for letter in "abcdef":
            send_huge(ledger, letter * 8_000_000)
    assert kept() < KEPT_BYTES
    texts = chain.from_iterable(ledger.rows)
    assert max(len(text) for text in texts if isinstance(text, str)) == TOOL_BYTES


def test_the_last_sampled_request_of_a_bucket_is_its_exemplar(ledger: Ledger) -> None:
    call = ("tools/call", "echo", "POST", 200, Outcome.OK, Fault.NONE, "", "")
    ledger.record(*call, 0.015, 0.0001, trace_id=1, span_id=2)
    ledger.record(*call, 0.016, 0.0001, trace_id=3, span_id=4)
    ledger.record(*call, 0.017, 0.0001)
    (row,) = ledger.rows.values()
    ((bucket, exemplar),) = row.exemplars.items()
    assert OPERATION_BUCKETS[bucket] == 0.02
    assert exemplar[:3] == (0.016, 3, 4)


def test_losses_are_counted_by_signal_and_reason(ledger: Ledger) -> None:
    ledger.dropped(Signal.TRACES, DropReason.QUEUE_FULL)
    ledger.dropped(Signal.TRACES, DropReason.QUEUE_FULL, 4)
    assert ledger.drops[Signal.TRACES, DropReason.QUEUE_FULL] == 5
    assert sum(ledger.drops.values()) == 5


def test_the_lives_of_sessions_are_kept_by_how_they_ended(ledger: Ledger) -> None:
    ledger.session_ended(30.0)
    ledger.session_ended(31.0, "timeout")
    ledger.session_ended(32.0, "made up")
    assert {kind: life.total for kind, life in ledger.session_lives.items()} == {
        "": 30.0,
        "timeout": 31.0,
        "_OTHER": 32.0,
    }


def test_wasted_requests_are_counted_by_the_label_of_their_tool() -> None:
    ledger = Ledger("s", "stdio", tool_cap=1)
    ledger.tools_listed({"listed": ToolHints()})
    ledger.request_wasted(WasteReason.REPEATED_ERROR, "listed", 0)
    for tool in ("listed", "absent", "missing"):
        ledger.request_wasted(WasteReason.REPEATED_ERROR, tool, 1)
    ledger.request_wasted(WasteReason.UNCHANGED_LIST, "", 1)
    assert ledger.wasted == {
        ("repeated_error", "listed"): 1,
        ("repeated_error", "other"): 2,
        ("unlisted_tool", "other"): 0,
        ("unchanged_list", ""): 1,
    }
