"""The HTTP upstream's memory: what clients and servers can make it keep is bounded."""

from proxy.calls.books import Books
from proxy.session import Call, Session
from proxy.transports.pool import Endpoint, Pool
from proxy.upstreams.exchange import Exchange
from proxy.upstreams.http_upstream import MOST_PARKED, HttpTerms, HttpUpstream
from proxy.upstreams.leases import MOST_LEASES
from proxy.wire.head import parse_response
from proxy.wire.message import Message
from tests.proxy.scripted import ScriptedClient, books, counted, post

TERMS = HttpTerms(
    target=b"/mcp", authority=b"upstream", patience=10.0, idle=100.0, message_limit=1000
)
INITIALIZE = b'{"id":1,"method":"initialize"}'


def upstream(kept: Books) -> HttpUpstream:
    """In front of nobody: a pool whose connections are never opened."""
    pool = Pool(Endpoint("127.0.0.1", 1, None), lambda task: task.close(), lambda failure: None)
    return HttpUpstream(TERMS, pool, kept)


def waiting(number: int) -> Session:
    session = Session(TERMS.patience)
    session.begin((Call(Message(id=number, method="ping"), 0.0, "", ""),), 0.0)
    return session


def test_streams_that_were_cut_are_kept_for_their_return_up_to_a_number() -> None:
    counts = books()
    kept = upstream(counts)
    ended = {kept.park(f"s{number}", waiting(number)) for number in range(MOST_PARKED)}
    assert ended == {()}
    assert kept.park("one more", waiting(1)) == ()
    assert counted(counts) == {("ping", "", 503, "transport_error", "server"): 1}


def test_sessions_that_a_server_hands_out_are_followed_up_to_a_number() -> None:
    counts, client = books(), ScriptedClient()
    kept = upstream(counts)
    kept.post(post(client, INITIALIZE))
    assert isinstance(client.visitor, Exchange)
    for number in range(MOST_LEASES + 5):
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: %d\r\n\r\n"
        kept.answered(client.visitor, parse_response(head % number))
    assert counts.ledger.sessions == MOST_LEASES
