"""What the echo server refuses of a request, as the specification says, and how it answers."""

import pytest

from lab.echo.request import Answers, HttpRejection, Request, answers_by_events, check

BOTH = "application/json, text/event-stream"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/elsewhere", {}, 404),
        ("/mcp", {"origin": "http://evil.example"}, 403),
        ("/mcp", {"origin": "http://127.0.0.1.evil.example"}, 403),
        ("/mcp", {"mcp-protocol-version": "1999-01-01"}, 400),
    ],
)
def test_what_the_specification_refuses_is_refused(
    path: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(HttpRejection) as refused:
        check(Request(path, "POST", headers), "/mcp")
    assert refused.value.status == status


def test_a_page_of_this_machine_may_call() -> None:
    check(Request("/mcp?a=b", "POST", {"origin": "http://localhost:3000"}), "/mcp")


@pytest.mark.parametrize(
    ("accept", "preferred", "events"),
    [
        (BOTH, Answers.JSON, False),
        (BOTH, Answers.SSE, True),
        ("*/*", Answers.SSE, True),
        ("application/json", Answers.SSE, False),
        ("text/event-stream", Answers.JSON, True),
    ],
)
def test_a_client_gets_what_it_accepts(accept: str, preferred: Answers, *, events: bool) -> None:
    assert answers_by_events(Request("/mcp", "POST", {"accept": accept}), preferred) is events


def test_a_client_that_accepts_neither_is_refused() -> None:
    with pytest.raises(HttpRejection) as refused:
        answers_by_events(Request("/mcp", "POST", {"accept": "text/html"}), Answers.JSON)
    assert refused.value.status == 406
