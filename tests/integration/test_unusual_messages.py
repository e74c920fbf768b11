"""What is hardly JSON-RPC, and yet works between a client and a server that are connected directly.

Each crosses, and is counted with its outcome; as `malformed_answer` if it is no JSON at all.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sessions import CLIENTS, SERVERS, before
from tests.integration.sockets import Client, Upstream, call, read_event
from tests.integration.stdio_session import SERVER, Session

pytestmark = pytest.mark.slow

CALL = "tools/call"
OK = (CALL, "ok", "none")
FAILED = (CALL, "protocol_error", "server")
MALFORMED = (CALL, "transport_error", "server")
CUT = "\N{REPLACEMENT CHARACTER}"

ANSWERS = {
    "a lone surrogate": (rb'{"jsonrpc":"2.0","id":5,"result":{"x":"cut \ud83d"}}', OK),
    "an id as text": (b'{"jsonrpc":"2.0","id":"5","result":{"x":1}}', OK),
    "a byte order mark": (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":5,"result":{"x":1}}', OK),
    "no number": (b'{"jsonrpc":"2.0","id":5,"result":{"x":NaN}}', MALFORMED),
    "other bytes than UTF-8": (b'{"jsonrpc":"2.0","id":5,"result":{"x":"caf\xe9"}}', MALFORMED),
    "an error for no id": (b'{"jsonrpc":"2.0","id":null,"error":{"code":1}}', FAILED),
    "an error for another id": (b'{"jsonrpc":"2.0","id":"q","error":{"code":1}}', FAILED),
}


@contextmanager
def by_http(answer: bytes, *, events: bool) -> Iterator[tuple[RunningProxy, bytes]]:
    with (
        closing(Upstream()) as upstream,
        running("--upstream", upstream.url) as proxy,
        closing(Client(proxy.port)) as client,
    ):
        client.post(call(5))
        side = upstream.take()
        if events:
            side.start_events()
            side.chunk(b"data: " + answer + b"\n\n")
            side.chunk(b"")
        else:
            side.answer(answer)
        yield proxy, client.getresponse().read()


@contextmanager
def by_stdio(answer: bytes, *, sharing: str) -> Iterator[tuple[RunningProxy, bytes]]:
    line = {"line": answer.decode("latin-1")}
    with (
        running("--stdio-sharing", sharing, "--", *SERVER) as proxy,
        closing(Session(proxy.port)) as session,
    ):
        session.post(call(5, "write", arguments=line), mcp_session_id=session.name)
        yield proxy, session.getresponse().read()


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("events", [False, True])
def test_an_unusual_answer_of_an_http_server_crosses_as_it_is_and_alone(
    kind: str, events: bool
) -> None:
    answer, came_to = ANSWERS[kind]
    with by_http(answer, events=events) as (proxy, body):
        assert body == (b"data: " + answer + b"\n\n" if events else answer)
        proxy.counted({came_to: 1})


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("sharing", ["off", "on"])
def test_an_unusual_answer_of_a_stdio_server_reaches_who_asked(kind: str, sharing: str) -> None:
    answer, came_to = ANSWERS[kind]
    if sharing == "on":
        # The shared process sees an id of the proxy's own.
        answer = answer.replace(b'"id":5', b'"id":2').replace(b'"id":"5"', b'"id":"2"')
        came_to = OK if kind == "no number" else came_to  # It is `null` on its way to the session.
    with by_stdio(answer, sharing=sharing) as (proxy, body):
        message = json.loads(body)
        assert message["id"] == 5
        assert ("error" in message) is (came_to == FAILED)
        proxy.counted({("initialize", "ok", "none"): 1, came_to: 1})


@pytest.mark.parametrize("sharing", ["off", "on"])
def test_log_lines_on_a_stdio_servers_stdout_are_logged_and_not_forwarded(sharing: str) -> None:
    """Neither with an answer, nor on the stream of what the server says of its own accord."""
    shown = ("running", '{"level":30,"msg":"x"}', '{"method":"GET","id":5}', "[INFO]", "[1]", "5")
    hidden = ("{no json", '"text"', "[]", 'sent {"jsonrpc":"2.0"}')
    lines = (*shown, *hidden)
    own = {"jsonrpc": "2.0", "id": 2 if sharing == "on" else 5, "result": {"x": 1}}
    with (
        running("--stdio-sharing", sharing, "--", *SERVER) as proxy,
        closing(Session(proxy.port)) as session,
    ):
        stream, events = session.listen(proxy.port)
        said = "\n".join((*lines, json.dumps(own), *lines))
        session.post(call(5, "write", arguments={"line": said}), mcp_session_id=session.name)
        assert session.answer() == (200, {**own, "id": 5})
        session.post(call(6, "spontaneous"), mcp_session_id=session.name)
        assert session.answer()[0] == 200
        assert read_event(events)["method"] == "notifications/tools/list_changed"
        eventually(lambda: len(proxy.logged("child stdout")) == 2 * len(lines), "the lines logged")
        logged = proxy.logged("child stdout")
        assert {each["line"] for each in logged if "line" in each} == set(shown)
        assert {each["bytes"] for each in logged if "bytes" in each} == set(map(len, hidden))
        stream.close()


@pytest.mark.parametrize("sharing", ["off", "on"])
@pytest.mark.parametrize(
    ("arguments", "received"), [(rb'"cut \ud83d"', "cut "), (b'"caf\xe9"', f"caf{CUT}")]
)
def test_what_a_client_sends_harms_no_stdio_server(
    arguments: bytes, received: str, sharing: str
) -> None:
    with (
        running("--stdio-sharing", sharing, "--", *SERVER) as proxy,
        closing(Session(proxy.port)) as session,
    ):
        body = b'{"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"q":%b}}}'
        session.post(body % arguments, mcp_session_id=session.name)
        status, answer = session.answer()
        assert status == 200
        assert answer["result"]["received"]["arguments"]["q"].startswith(received)
        proxy.counted({("initialize", "ok", "none"): 1, OK: 1})


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("client", ["streamable", "SSE"])
def test_what_is_too_long_to_be_mended_costs_its_call_and_no_more(server: str, client: str) -> None:
    long = call(1, "fail", arguments={"number": float("nan"), "text": "x" * 1_200_000})
    with before(server) as proxy, closing(CLIENTS[client](proxy.port)) as session:
        assert {"result", "error"} & set(session.ask(long))
        assert session.ask(call(2))["result"]
