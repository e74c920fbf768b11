"""The HTTP upstream's memory: what clients and servers can make it keep is bounded."""

import itertools
from collections.abc import Coroutine
from time import perf_counter

import pytest

from proxy.app.options import MIB
from proxy.calls.recorder import CallRecorder
from proxy.http.head import ResponseHead, parse_response
from proxy.http.pool import Endpoint, Pool
from proxy.in_flight import Call, InFlightCalls
from proxy.jsonrpc.message import Message
from proxy.memory_budget import MemoryBudget
from proxy.upstreams.passthrough import MOST_PARKED, PassthroughConfig, PassthroughUpstream
from proxy.upstreams.passthrough_exchange import PassthroughExchange
from proxy.upstreams.session_expiry import MOST_SESSIONS
from tests.proxy.scripted import ScriptedClient, client_request, counted, info, recorder

EVENTS = "text/event-stream"
TERMS = PassthroughConfig(
    target=b"/mcp", fixed=b"host: upstream\r\n", timeout=10.0, idle=100.0, message_limit=MIB
)
INITIALIZE = b'{"id":1,"method":"initialize"}'


def upstream(kept: CallRecorder, memory: int = MIB) -> PassthroughUpstream:
    """In front of nobody: a pool whose connections are never opened."""
    pool = Pool(Endpoint("127.0.0.1", 1, None), lambda task: task.close(), lambda failure: None)
    return PassthroughUpstream(TERMS, pool, kept, MemoryBudget(memory))


LONG = 100_000


def head(kind: str) -> ResponseHead:
    return parse_response(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n\r\n".encode())


def waiting(number: int) -> InFlightCalls:
    session = InFlightCalls(TERMS.timeout)
    session.begin((Call(Message(id=number, method="ping"), 0.0, "", ""),), 0.0)
    return session


def test_the_time_of_the_server_begins_before_it_can_read_the_call() -> None:
    sent: list[float] = []

    def spawn(task: Coroutine[None, None, None]) -> None:
        sent.append(perf_counter())
        task.close()

    pool = Pool(Endpoint("127.0.0.1", 1, None), spawn, lambda failure: None)
    request = client_request(ScriptedClient(), INITIALIZE)
    PassthroughUpstream(TERMS, pool, recorder(), MemoryBudget(MIB)).post(request)
    assert 0 < request.calls[0].sent_at <= sent[0]


def test_streams_that_were_cut_are_kept_for_their_return_up_to_a_number() -> None:
    counts = recorder()
    kept = upstream(counts)
    ended = {kept.park(f"s{number}", waiting(number)) for number in range(MOST_PARKED)}
    assert ended == {()}
    assert kept.park("one more", waiting(1)) == ()
    assert counted(counts) == {("ping", "", 503, "transport_error", "server"): 1}


def test_sessions_that_a_server_hands_out_are_followed_up_to_a_number() -> None:
    counts, client = recorder(), ScriptedClient()
    kept = upstream(counts)
    kept.post(client_request(client, INITIALIZE))
    assert isinstance(client.observer, PassthroughExchange)
    for number in range(MOST_SESSIONS + 5):
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: %d\r\n\r\n"
        kept.answered(client.observer, parse_response(head % number))
    assert counts.ledger.sessions == MOST_SESSIONS


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        (b'{"method":"notifications/message"}', "timeout"),
        (b'{"id":"7","result":{}}', "ok"),
        (b'{"id":7,"error":{"code":-32602,"message":"no"}}', "protocol_error"),
    ],
)
def test_a_call_receives_what_comes_for_it_on_the_get_stream(
    accepted: bool, last: bytes, outcome: str
) -> None:
    """SDKs write progress there that names no call; its token is the id of the call."""
    counts = recorder()
    kept, client, listener = upstream(counts), ScriptedClient(), ScriptedClient()
    kept.listen(client_request(listener, b"", info("GET", mcp_session_id="s", accept=EVENTS)))
    asked = b'{"id":7,"method":"ping","params":{"_meta":{"progressToken":7}}}'
    kept.post(client_request(client, asked, info(mcp_session_id="s")))
    stream, call = listener.observer, client.observer
    assert isinstance(stream, PassthroughExchange)
    assert isinstance(call, PassthroughExchange)
    stream.on_headers(head(EVENTS))
    now = perf_counter()
    if accepted:
        call.on_response(parse_response(b"HTTP/1.1 202 Accepted\r\n\r\n"), b"", now)
    progress = b'{"method":"notifications/progress","params":{"progressToken":7}}'
    stream.on_data(b"data: %b\n\n" % progress, now + 6)
    kept.tick(now + TERMS.timeout + 1)
    assert counted(counts) == {}
    stream.on_data(b"data: %b\n\n" % last, now + 12)
    kept.tick(now + TERMS.timeout + 7)
    assert [row[3] for row in counted(counts)] == [outcome]


def listening(kept: PassthroughUpstream, session: str) -> PassthroughExchange:
    """The GET stream of a session, opened."""
    client = ScriptedClient()
    kept.listen(client_request(client, b"", info("GET", mcp_session_id=session, accept=EVENTS)))
    assert isinstance(client.observer, PassthroughExchange)
    client.observer.on_headers(head(EVENTS))
    return client.observer


def asking(
    kept: PassthroughUpstream, session: str, number: int, *, accepted: bool
) -> PassthroughExchange:
    """A call, which the server only accepts, or is about to answer by a stream."""
    client = ScriptedClient()
    asked = b'{"id":%d,"method":"ping"}' % number
    kept.post(client_request(client, asked, info(mcp_session_id=session)))
    assert isinstance(client.observer, PassthroughExchange)
    if accepted:
        accepted_head = parse_response(b"HTTP/1.1 202 Accepted\r\ncontent-length: 8\r\n\r\n")
        client.observer.on_response(accepted_head, b"Accepted", perf_counter())
        assert (client.status, client.body) == (202, b"Accepted")
    else:
        client.observer.on_headers(head(EVENTS))
    return client.observer


def say(stream: PassthroughExchange, message: bytes) -> None:
    stream.on_data(b"data: %b\n\n" % message, perf_counter())


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (b'{"id":null,"error":{"code":-32602}}', "protocol_error"),
        (b'{"id":"server-error","error":{"code":-32602}}', "protocol_error"),
        (b'{"id":7,"result":{"x":NaN}}', "transport_error"),
        (b'{"id":7,"result":', "transport_error"),
    ],
)
def test_a_call_that_is_only_accepted_is_the_one_that_a_nameless_answer_is_to(
    message: bytes, outcome: str
) -> None:
    counts = recorder()
    kept = upstream(counts)
    stream, other = listening(kept, "s"), listening(kept, "other")
    asking(kept, "s", 7, accepted=True)
    say(other, message)
    assert counted(counts) == {}
    say(stream, message)
    assert [row[3] for row in counted(counts)] == [outcome]


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_an_error_for_one_call_is_not_for_another(late: bool, accepted: bool) -> None:
    """Be it given up, or open elsewhere; in this session, or in another that uses the same ids."""
    counts = recorder()
    kept = upstream(counts)
    elsewhere = asking(kept, "s", 7, accepted=False)
    if late:
        elsewhere.on_client_gone()
    stream = listening(kept, "s")
    mine = asking(kept, "s", 8, accepted=accepted)
    other = asking(kept, "other", 7, accepted=False)
    say(stream if accepted else mine, b'{"id":7,"error":{"code":-32603}}')
    came_to = "cancelled" if late else "protocol_error"
    assert [row[3] for row in counted(counts)] == [came_to]
    say(stream, b'{"id":8,"result":{}}')
    say(other, b'{"id":7,"result":{}}')
    assert sorted(row[3] for row in counted(counts).elements()) == sorted([came_to, "ok", "ok"])


def test_an_id_that_is_used_again_is_that_of_the_new_call() -> None:
    counts = recorder()
    kept = upstream(counts)
    asking(kept, "s", 7, accepted=False).on_client_gone()
    say(asking(kept, "s", 7, accepted=False), b'{"id":7,"error":{"code":-32603}}')
    assert sorted(row[3] for row in counted(counts)) == ["cancelled", "protocol_error"]


@pytest.mark.parametrize("listens", [True, False])
def test_a_long_body_of_a_202_is_no_answer(listens: bool) -> None:
    counts = recorder()
    kept, client = upstream(counts), ScriptedClient()
    if listens:
        stream = listening(kept, "s")
    kept.post(client_request(client, b'{"id":7,"method":"ping"}', info(mcp_session_id="s")))
    assert isinstance(client.observer, PassthroughExchange)
    client.observer.on_headers(parse_response(b"HTTP/1.1 202 Accepted\r\n\r\n"))
    client.observer.on_data(b"Accepted", perf_counter())
    client.observer.on_end(perf_counter())
    assert client.over
    if listens:
        say(stream, b'{"id":7,"result":{}}')
    assert [row[3] for row in counted(counts)] == ["ok" if listens else "transport_error"]


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_without_room_in_memory_the_longest_answer_passes_unread(kind: str) -> None:
    counts = recorder()
    kept = upstream(counts, memory=3 * LONG)
    clients = [ScriptedClient() for _ in range(3)]
    long = b'{"id":1,"result":{"x":[%b0]}}'
    numbers = [b"0," * (LONG // 2 * size) for size in (1, 3, 1)]
    for client, each in zip(clients, numbers, strict=True):
        kept.post(client_request(client, b'{"id":1,"method":"ping"}'))
        assert isinstance(client.observer, PassthroughExchange)
        client.observer.on_headers(head(kind))
        said = b"data: " * kind.startswith("text") + long.replace(b"%b", each)
        client.observer.on_data(said[:-20], perf_counter())
    kept.tick(perf_counter())
    for client, each in zip(clients, numbers, strict=True):
        assert isinstance(client.observer, PassthroughExchange)
        said = b"data: " * kind.startswith("text") + long.replace(b"%b", each) + b"\n\n"
        client.observer.on_data(said[-22:], perf_counter())
        client.observer.on_end(perf_counter())
        assert client.body == said
    assert counted(counts) == {
        ("ping", "", 200, "ok", "none"): 2,
        ("ping", "", 200, "transport_error", "server"): 1,
    }


def test_of_equally_long_answers_that_of_the_first_request_passes_unread() -> None:
    for methods in itertools.permutations(("ping", "tools/list", "prompts/list", "resources/list")):
        counts = recorder()
        kept = upstream(counts, memory=len(methods) * LONG - 1)
        clients = [ScriptedClient() for _ in methods]
        for client, method in zip(clients, methods, strict=True):
            kept.post(client_request(client, b'{"id":1,"method":"%b"}' % method.encode()))
            assert isinstance(client.observer, PassthroughExchange)
            client.observer.on_headers(head("application/json"))
            client.observer.on_data(b'{"id":1,"result":{}}'.ljust(LONG), perf_counter())
        kept.tick(perf_counter())
        for client in clients:
            assert isinstance(client.observer, PassthroughExchange)
            client.observer.on_end(perf_counter())
        unread = [row[0] for row in counted(counts) if row[3] == "transport_error"]
        assert unread == [methods[0]]


@pytest.mark.parametrize(
    ("status", "free"), [(200, True), (204, True), (404, True), (405, False), (401, False)]
)
def test_a_session_stays_its_owners_while_the_server_may_have_it(status: int, free: bool) -> None:
    counts, client = recorder(), ScriptedClient()
    kept = upstream(counts)
    counts.session_owners.claim("s", b"alice")
    client.principal = b"alice"
    kept.delete(client_request(client, b"", info("DELETE", mcp_session_id="s")))
    assert isinstance(client.observer, PassthroughExchange)
    answer = parse_response(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % status)
    client.observer.on_response(answer, b"", perf_counter())
    assert counts.session_owners.allows("s", b"mallory") is free


def test_an_abandoned_session_stays_its_owners() -> None:
    counts, client = recorder(), ScriptedClient()
    kept = upstream(counts)
    client.principal = b"alice"
    kept.post(client_request(client, INITIALIZE))
    assert isinstance(client.observer, PassthroughExchange)
    named = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: s\r\n\r\n"
    kept.answered(client.observer, parse_response(named))
    kept.tick(perf_counter() + TERMS.idle + 1)
    assert counts.ledger.sessions == 0
    assert not counts.session_owners.allows("s", b"mallory")
