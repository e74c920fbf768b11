"""Clients that read slowly, or not at all: no other client waits, and nothing is lost.

Every kind of client before every kind of server, over sockets whose buffers are far smaller than
what is written to them.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, running, written_when_held_back
from tests.integration.sessions import (
    CLIENTS,
    SERVERS,
    Session,
    Sse,
    Streamable,
    before,
    messages,
)
from tests.integration.sockets import Client, Upstream, call, narrow, read_event, result

pytestmark = pytest.mark.slow

LONG = 8_000_000
"""Bytes of an answer or a stream; Linux keeps 4 MB for a socket, unless set otherwise."""
PATIENCE = ("--upstream-timeout", "2")


@pytest.fixture(scope="module", params=SERVERS)
def proxy(request: pytest.FixtureRequest) -> Iterator[RunningProxy]:
    with before(request.param, *PATIENCE) as started:
        yield started


@pytest.fixture(params=CLIENTS)
def session(request: pytest.FixtureRequest, proxy: RunningProxy) -> Iterator[Session]:
    each = CLIENTS[request.param](proxy.port)
    yield each
    each.close()


@pytest.fixture
def unshared(upstream: Upstream) -> Iterator[RunningProxy]:
    with running("--upstream", upstream.url) as started:
        yield started


def long(request_id: int) -> dict[str, Any]:
    return call(request_id, "huge", arguments={"bytes": LONG})


def test_a_session_goes_on_after_an_answer_that_was_read_slowly(session: Session) -> None:
    session.begin(long(1))
    assert len(session.rest()[-1]["result"]["text"]) == LONG
    assert session.ask(call(2))["result"]


def test_a_session_goes_on_after_its_client_left_within_an_answer(session: Session) -> None:
    session.begin(long(1))
    session.leave()
    assert session.ask(call(2))["result"]


def test_a_call_has_its_time_whatever_else_is_not_read(session: Session) -> None:
    """The server works at one thing after the other, and is held back within the first."""
    message = call(1, "narrate", arguments={"bytes": LONG}, _meta={"progressToken": "t"})
    session.begin(message)
    if not isinstance(session, Sse):
        assert {"result", "error"} & set(session.ask(call(2)))
    answer = session.rest()
    assert sum(len(each["params"]["message"]) for each in answer[:-1]) == LONG
    assert answer[-1]["result"]
    assert session.ask(call(3))["result"]


def test_a_client_that_still_reads_its_answer_keeps_its_connection() -> None:
    with before("stdio", "--max-connections", "1") as proxy:
        session, other = Streamable(proxy.port), Client(proxy.port)
        session.begin(long(1))
        other.post(call(2))
        assert other.getresponse().status == 503
        assert len(session.rest()[-1]["result"]["text"]) == LONG
        other.close()
        session.close()


def test_a_session_goes_on_after_a_batch_that_was_read_slowly(proxy: RunningProxy) -> None:
    session = Streamable(proxy.port)
    session.begin([long(1), long(2)])
    [answers] = session.rest()
    assert sorted(each["id"] for each in answers) == [1, 2]
    assert {len(each["result"]["text"]) for each in answers} == {LONG}
    assert session.ask(call(3))["result"]
    session.close()


@pytest.mark.parametrize("server", ["stdio", "shared stdio", "HTTP+SSE", "streamable HTTP"])
def test_what_a_server_said_before_its_end_reaches_who_reads_slowly(server: str) -> None:
    with before(server) as proxy:
        session = Streamable(proxy.port)
        arguments = {"arguments": {"bytes": LONG}, "_meta": {"progressToken": "t"}}
        session.begin(call(1, "farewell", **arguments))
        other = Client(proxy.port)
        session.post(other, call(2, "hang"))
        answer = session.rest()
        assert sum(len(each["params"]["message"]) for each in answer[:-1]) == LONG
        assert answer[-1]["result"]
        other.close()
        session.close()


def test_an_error_that_is_not_read_holds_up_no_other_session(
    upstream: Upstream, unshared: RunningProxy
) -> None:
    """The error repeats the id; the connection to the server has long been given back by then."""
    unread, other = Client(unshared.port), Client(unshared.port)
    unread.sock = narrow(unshared.port)
    unread.post(call("i" * 4_000_000))
    side = upstream.take()
    side.answer(json.dumps(result(7)).encode())
    refused = unread.getresponse()
    assert refused.status == 502
    other.post(call(2))
    assert json.loads(side.request()[1])["id"] == 2
    side.answer(json.dumps(result(2)).encode())
    assert other.answer() == (200, result(2))
    refused.close()
    unread.close()
    other.close()


@pytest.mark.parametrize("again", [True, False])
def test_a_stream_that_is_not_read_is_dropped_for_a_newer_one_or_for_a_call_that_waits(
    *, again: bool
) -> None:
    with before("stdio", *(() if again else PATIENCE)) as proxy:
        session = Streamable(proxy.port)
        unread, calling = session.listen(narrow(proxy.port)), Client(proxy.port)
        session.post(calling, call(1, "flood", arguments={"bytes": LONG}))
        stream = unread.getresponse()
        if again:
            written_when_held_back(proxy.logged("child started")[0]["pid"])
            newest = session.listen()
            assert len(read_event(newest.getresponse())["params"]["data"]) == 100_000
            newest.close()
        assert messages(calling.getresponse())[-1]["result"]
        (dropped,) = proxy.logged("stream closed")
        assert dropped["reason"] == "its client does not read it"
        stream.close()
        unread.close()
        calling.close()
