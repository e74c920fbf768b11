"""Every cell of the table in docs/protocol-translation.md, on real processes.

A way is a chain of processes: the proxy under test before a scripted stdio server, or before a
second proxy that gives the same server an HTTP endpoint of one era.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from proxy.jsonrpc import methods
from proxy.translation.translation_matrix import KINDS, Cell, Handling, Kind, Route
from proxy.translation.versions import Era
from tests.integration.crossing_parties import INPUT, LegacyParty, ModernParty, Party
from tests.integration.proxies import running
from tests.integration.stdio_session import SERVER

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CALL = "tools/call"
URI = "a:1"
THEIRS = "not in this server"

PLACES: dict[str, tuple[Route, Era, Era, str]] = {
    "bytes, with sessions": (Route.BYTES, Era.LEGACY, Era.LEGACY, "streamable-http"),
    "bytes, 2026-07-28": (Route.BYTES, Era.MODERN, Era.MODERN, "streamable-http"),
    "link to stdio": (Route.LINK, Era.LEGACY, Era.LEGACY, "stdio"),
    "link to sse": (Route.LINK, Era.LEGACY, Era.LEGACY, "sse"),
    "shared stdio": (Route.SHARED, Era.MODERN, Era.MODERN, "stdio"),
    "down to stdio": (Route.DOWN, Era.MODERN, Era.LEGACY, "stdio"),
    "down to sse": (Route.DOWN, Era.MODERN, Era.LEGACY, "sse"),
    "down to streamable HTTP": (Route.DOWN, Era.MODERN, Era.LEGACY, "streamable-http"),
    "up to stdio": (Route.UP, Era.LEGACY, Era.MODERN, "stdio"),
    "up to streamable HTTP": (Route.UP, Era.LEGACY, Era.MODERN, "streamable-http"),
}
"""The ways: from a client's era to a server's, by its transport."""

HTTP_TESTS = "tests/integration/test_cross_era_http.py"
STATELESS_TESTS = "tests/integration/test_stateless_http.py"
ELSEWHERE = {
    ("resumption (Last-Event-ID)", Route.BYTES): (
        "tests/integration/test_event_relay.py",
        "test_a_call_whose_stream_is_resumed_is_counted_when_its_answer_comes",
    ),
    ("Mcp-Method, Mcp-Name headers", Route.BYTES): (
        HTTP_TESTS,
        "test_a_modern_server_gets_the_bytes_of_a_modern_client",
    ),
    ("Mcp-Method, Mcp-Name headers", Route.UP): (
        STATELESS_TESTS,
        "test_a_modern_server_gets_headers_that_agree_with_the_body",
    ),
    ("Mcp-Param-* headers", Route.BYTES): (
        HTTP_TESTS,
        "test_a_modern_server_gets_the_bytes_of_a_modern_client",
    ),
    ("Mcp-Param-* headers", Route.DOWN): (
        HTTP_TESTS,
        "test_a_server_without_server_discover_gets_a_session",
    ),
    ("Mcp-Param-* headers", Route.UP): (
        STATELESS_TESTS,
        "test_arguments_that_travel_as_headers_are_known_from_the_tools_list",
    ),
}
"""Cells that only the server's side of HTTP can show, and the test that looks there."""

EXEMPT = {
    # A server with sessions gives no hints, and its clients name no later version.
    ("bytes, with sessions", "cache hints"),
    ("bytes, with sessions", "a later version"),
    # The second proxy is the server here, and itself takes none of these.
    ("bytes, 2026-07-28", "batch"),
    ("bytes, 2026-07-28", "unknown notifications of clients"),
    ("bytes, 2026-07-28", "unknown notifications of servers"),
    ("up to streamable HTTP", "unknown notifications of servers"),
    # 2026-07-28 has no place for a client's notification over HTTP.
    ("up to streamable HTTP", "unknown notifications of clients"),
}


@contextmanager
def party(place: str) -> Iterator[Party]:
    """A client of that way that listens for changes, and all that stands behind it."""
    _, client, server, transport = PLACES[place]
    with ExitStack() as stack:
        flags: tuple[str, ...] = ("--", *SERVER, server)
        if transport != "stdio":
            behind = stack.enter_context(running("--upstream-era", server, *flags))
            path = "sse" if transport == "sse" else "mcp"
            url = f"http://{behind.mcp}/{path}"
            flags = ("--upstream", url, "--upstream-transport", transport)
        proxy = stack.enter_context(running("--upstream-era", server, *flags))
        each = LegacyParty(proxy) if client is Era.LEGACY else ModernParty(proxy)
        stack.callback(each.close)
        each.listen(URI)
        yield each


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[str, Party]]:
    with party(request.param) as each:
        yield request.param, each


def requests_and_answers(it: Party, cell: Cell) -> None:
    answer = it.ask(CALL, {"name": "echo", "arguments": {"a": 1}})
    assert answer.result["received"]["arguments"] == {"a": 1}


def opening(it: Party, cell: Cell) -> None:
    if isinstance(it, LegacyParty):
        assert it.greeting["capabilities"]["tools"] == {"listChanged": True}
    else:
        found = it.ask(methods.DISCOVER).result
        assert "2026-07-28" in found["supportedVersions"]
        assert found["capabilities"]["tools"] == {"listChanged": True}


def progress(it: Party, cell: Cell) -> None:
    answer = it.ask(CALL, {"name": "progress", "_meta": {"progressToken": "p"}})
    tokens = [each["params"].get("progressToken") for each in answer.before]
    assert "p" in tokens


def cancellation(it: Party, cell: Cell) -> None:
    def received() -> int:
        found = it.ask(CALL, {"name": "notifications"}).result["notifications"]
        return sum(each.get("method") == methods.CANCELLED for each in found)

    before = received()
    it.give_up()
    assert any(received() == before + 1 for _ in range(200))


def resumption(it: Party, cell: Cell) -> None:
    stream = it.events({"name": "progress", "_meta": {"progressToken": "p"}})
    assert b"data:" in stream
    assert b"id:" not in stream.replace(b'"id":', b"")


def list_changes(it: Party, cell: Cell) -> None:
    assert it.ask(CALL, {"name": "spontaneous"}).result
    assert it.change()["method"] == "notifications/tools/list_changed"


def resource_updates(it: Party, cell: Cell) -> None:
    assert it.ask(CALL, {"name": "touch"}).result
    answer = it.change()
    assert (answer["method"], answer["params"]["uri"]) == (methods.UPDATED, URI)


def logging(it: Party, cell: Cell) -> None:
    answer = it.ask(CALL, {"name": "log", "_meta": it.log_level("info")})
    messages = answer.before
    if isinstance(it, LegacyParty) and not messages:
        messages = [it.change()]
    assert [each["method"] for each in messages] == [methods.LOG]


def asking(method: str) -> Callable[[Party, Cell], None]:
    def ask(it: Party, cell: Cell) -> None:
        answer = it.ask_and_be_asked(CALL, {"name": "ask", "arguments": {"method": method}})
        assert answer.result["roots"] == INPUT

    return ask


def sent(method: str) -> Callable[[Party, Cell], None]:
    """A request that some way refuses itself, and that the server refuses on the others."""

    def ask(it: Party, cell: Cell) -> None:
        answer = it.ask(method)
        if cell.fate is Handling.REFUSED:
            assert answer.refusal[0] == cell.code
            assert answer.refusal[1] != THEIRS
        elif cell.fate is Handling.TRANSLATED:
            assert answer.result == {}
        else:
            assert answer.refusal == (-32601, THEIRS)

    return ask


def meta_of_others(it: Party, cell: Cell) -> None:
    answer = it.ask(CALL, {"name": "echo", "_meta": {"example.org/k": [1]}})
    assert answer.result["received"]["_meta"]["example.org/k"] == [1]


def batch(it: Party, cell: Cell) -> None:
    call = {"jsonrpc": "2.0", "method": CALL, "params": {"name": "echo"}}
    status, answer = it.post([{**call, "id": 7001}, {**call, "id": 7002}])
    if isinstance(answer, list):
        assert sorted(each["id"] for each in answer) == [7001, 7002]
        assert cell.fate is not Handling.REFUSED
    else:
        assert (status, answer["error"]["code"]) == (400, -32600)


def standard_headers(it: Party, cell: Cell) -> None:
    if isinstance(it, ModernParty):
        answer = it.ask(CALL, {"name": "echo"}, mcp_name="other")
        assert (answer.status, answer.refusal[0]) == (400, -32020)


def parameter_headers(it: Party, cell: Cell) -> None:
    answer = it.ask(CALL, {"name": "echo"}, mcp_param_region="r")
    assert answer.result["received"]["name"] == "echo"


def cache_hints(it: Party, cell: Cell) -> None:
    expected = {Handling.CROSSES: 5000, Handling.TRANSLATED: 0, Handling.NONE: None}[cell.fate]
    assert it.ask("tools/list").result.get("ttlMs") == expected


def unknown_fields(it: Party, cell: Cell) -> None:
    answer = it.ask(CALL, {"name": "echo", "odd": {"k": 1}})
    assert answer.result["received"]["odd"] == {"k": 1}


def clients_notifications(it: Party, cell: Cell) -> None:
    status, answer = it.post({"jsonrpc": "2.0", "method": "notifications/odd"})
    if status != 202:
        assert (status, answer["error"]["code"], cell.fate) == (400, -32600, Handling.REFUSED)
        return
    assert cell.fate is Handling.CROSSES
    received = it.ask(CALL, {"name": "notifications"}).result["notifications"]
    assert "notifications/odd" in [each.get("method") for each in received]


def servers_notifications(it: Party, cell: Cell) -> None:
    answer = it.ask(CALL, {"name": "odd"})
    found = [each["method"] for each in answer.before]
    if isinstance(it, LegacyParty) and not found:
        found = [it.change()["method"]]
    assert found == (["notifications/odd"] if cell.fate is Handling.CROSSES else [])


def later_version(it: Party, cell: Cell) -> None:
    version = "2031-01-01"
    meta = {"_meta": {methods.VERSION_KEY: version}}
    answer = it.ask(CALL, {"name": "echo", **meta}, mcp_protocol_version=version)
    if cell.fate is Handling.REFUSED:
        assert (answer.status, answer.refusal[0]) == (400, cell.code)
    else:
        assert answer.result["received"]["_meta"][methods.VERSION_KEY] == version


CHECKS: Mapping[str, Callable[[Party, Cell], None]] = {
    "requests and answers": requests_and_answers,
    "opening": opening,
    "progress": progress,
    "cancellation": cancellation,
    "resumption (Last-Event-ID)": resumption,
    "list-changed notifications": list_changes,
    "resource subscriptions": resource_updates,
    "logging": logging,
    "sampling": asking("sampling/createMessage"),
    "elicitation": asking("elicitation/create"),
    "roots": asking("roots/list"),
    "ping": sent("ping"),
    "`_meta` of others": meta_of_others,
    "batch": batch,
    "Mcp-Method, Mcp-Name headers": standard_headers,
    "Mcp-Param-* headers": parameter_headers,
    "cache hints": cache_hints,
    "unknown methods": sent("x/unknown"),
    "unknown fields": unknown_fields,
    "unknown notifications of clients": clients_notifications,
    "unknown notifications of servers": servers_notifications,
    "tasks of 2025-11-25": sent("tasks/list"),
    "a later version": later_version,
}


def test_every_kind_of_the_table_has_a_check() -> None:
    assert list(CHECKS) == [each.name for each in KINDS]


@pytest.mark.parametrize("cell", ELSEWHERE, ids=str)
def test_a_cell_that_is_checked_elsewhere_is(cell: tuple[str, Route]) -> None:
    path, name = ELSEWHERE[cell]
    assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS, ids=[each.name for each in KINDS])
def test_each_kind_of_message_crosses_as_the_table_says(
    place: tuple[str, Party], kind: Kind
) -> None:
    name, it = place
    way = PLACES[name][0]
    cell = kind.cells[way]
    if (name, kind.name) in EXEMPT or (kind.name, way) in ELSEWHERE:
        return
    if kind.name == "a later version" and cell.fate is Handling.NONE:
        return
    CHECKS[kind.name](it, cell)
