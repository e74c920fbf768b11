"""A call is answered, counted for its client, and has a trace of its own."""

import pytest

from lab.jaeger_api import Jaeger
from lab.load.client import LoadFailed
from lab.workshop.call import NoTrace, SampledCalls, send, stored_trace
from tests.lab.load.echo import echo
from tests.lab.scripted import answering


@pytest.mark.parametrize(
    ("tool", "arguments", "outcome", "text"),
    [
        ("echo", {"text": "hello"}, "ok", "hello"),
        ("echo", {"text": "a\n" * 200}, "ok", f"{'a ' * 33}..."),
        ("fail", {}, "tool_error", "failed, as asked"),
        ("absent", {}, "protocol_error", "unknown tool: absent"),
    ],
)
def test_the_outcome_and_the_beginning_of_the_text_are_returned(
    tool: str, arguments: dict[str, str], outcome: str, text: str
) -> None:
    with echo() as address:
        found = send(f"http://{address}/mcp", tool, arguments)
    assert (found.outcome, found.text) == (outcome, text)


def test_every_tool_call_has_a_trace_of_its_own_and_nothing_else_has_one() -> None:
    calls = SampledCalls()
    contexts = []
    for method in ("initialize", "tools/call", "tools/call"):
        with calls.client_span({"method": method}, "", "") as (context, _):
            contexts.append(context.get("traceparent", ""))
    assert contexts[0] == ""
    first, second = (each.split("-") for each in contexts[1:])
    assert first[1] != second[1] == calls.trace_id
    assert [first[3], second[3]] == ["01", "01"]


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(LoadFailed, match=r"http://127.0.0.1:1/mcp"):
        send("http://127.0.0.1:1/mcp", "echo", {})


def test_a_trace_that_does_not_arrive_is_named_with_where_it_was_looked_for() -> None:
    with (
        answering(404, {"data": []}) as url,
        pytest.raises(NoTrace, match=rf"trace 0af7 is not in {url} after 0.1 s"),
    ):
        stored_trace(Jaeger(url), "0af7", 0.1)
