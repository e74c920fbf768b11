"""What a board reads from Jaeger is asked for the viewer's choice, and drawn span by span."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.jaeger_api import Jaeger, Span
from lab.preview.queries import Answer, View, traces
from lab.preview.traces import Trace
from tests.http_edge import Handler, serving
from tests.lab.preview.made import TIME, panel
from tests.lab.scripted import answering

SOURCE = {"type": "jaeger", "uid": "${jaeger}"}


def span(id: str, parent: str = "", start: float = 0.0, seconds: float = 1.0, **tags: str) -> Span:
    return Span("c0ffee", id, parent, f"call {id}", f"service-{id}", tags, start, seconds)


def asked(kind: str, **chosen: str) -> Answer:
    with answering(200, {"data": []}) as url:
        return traces(Jaeger(url), panel(kind, datasource=SOURCE), View(TIME, chosen))


def test_the_newest_traces_are_asked_for_server_tags_and_time() -> None:
    seen: list[str] = []

    class Nothing(Handler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.answer(200, '{"data": []}')

    with serving(Nothing) as url:
        chosen = {"server": "echo", "tags": "gen_ai.tool.name=fetch"}
        traces(Jaeger(url), panel("table", datasource=SOURCE), View(TIME, chosen))
    assert {name: values[0] for name, values in parse_qs(urlsplit(seen[0]).query).items()} == {
        "service": "echo",
        "limit": "20",
        "tags": '{"gen_ai.tool.name": "fetch"}',
        "start": f"{TIME.start * 1e6:.0f}",
        "end": f"{TIME.end * 1e6:.0f}",
    }


@pytest.mark.parametrize("kind", ["table", "traces"])
def test_a_server_has_to_be_chosen_first(kind: str) -> None:
    assert asked(kind).note == "Jaeger searches one server at a time: choose one."


def written(trace: str, start: int, duration: int) -> dict[str, object]:
    """A trace of one span, as Jaeger writes it."""
    span = {"traceID": trace, "spanID": "s", "references": [], "operationName": "call", "tags": []}
    times = {"startTime": start, "duration": duration, "processID": "p"}
    return {"processes": {"p": {"serviceName": "echo"}}, "spans": [span | times]}


def test_the_newest_come_first_and_of_all_the_slowest_is_shown_span_by_span() -> None:
    found = [written("old", 1, 10), written("slow", 2, 90), written("new", 3, 20)]
    with answering(200, {"data": found}) as url:
        listed, one = (
            traces(
                Jaeger(url), panel(kind, datasource=SOURCE), View(TIME, {"server": "echo"})
            ).traces
            for kind in ("table", "traces")
        )
    assert [each.root.trace_id for each in listed] == ["new", "slow", "old"]
    assert [each.root.trace_id for each in one] == ["slow"]


def test_the_chosen_trace_is_asked_for_by_its_id() -> None:
    with answering(200, {"data": [written("c0ffee", 1, 10)]}) as url:
        found = traces(
            Jaeger(url), panel("traces", datasource=SOURCE), View(TIME, {"trace": "c0ffee"})
        )
        nothing = traces(
            Jaeger(url), panel("table", datasource=SOURCE), View(TIME, {"trace": "c0ffee"})
        )
    assert [each.root.trace_id for each in found.traces] == ["c0ffee"]
    assert nothing.traces == ()


def test_a_page_is_drawn_without_the_jaeger_that_does_not_answer() -> None:
    view = View(TIME, {"server": "echo"})
    silent = traces(Jaeger("http://127.0.0.1:1"), panel("table", datasource=SOURCE), view)
    assert "Connection refused" in silent.note
    assert "not known here" in traces(None, panel("table", datasource=SOURCE), view).note


IDS = "abcdef"
SPANS = st.lists(
    st.builds(
        span,
        st.sampled_from(IDS),
        st.sampled_from(["", *IDS, "elsewhere"]),
        st.floats(0, 10),
        st.floats(0, 10),
    ),
    min_size=1,
    unique_by=lambda each: each.span_id,
)


@given(SPANS)
def test_every_span_is_there_once_also_where_parents_make_a_ring(spans: list[Span]) -> None:
    trace = Trace(tuple(spans))
    assert sorted(each.span_id for _, each in trace.tree()) == sorted(s.span_id for s in spans)
    assert trace.root in spans


def test_a_span_stands_below_its_parent_though_it_began_before() -> None:
    trace = Trace((span("b", "a", 0.5), span("c", "b", 0.7), span("a", start=1.0), span("d", "a")))
    assert [(depth, each.span_id) for depth, each in trace.tree()] == [
        (0, "a"),
        (1, "d"),
        (1, "b"),
        (2, "c"),
    ]


def test_a_trace_is_as_long_as_all_its_spans() -> None:
    trace = Trace((span("b", "a", 1.5, 2.0), span("a", "elsewhere", 1.0, 1.0)))
    assert (trace.root.span_id, trace.start, trace.seconds) == ("a", 1.0, 2.5)
