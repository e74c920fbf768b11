"""Whose a session is: the principal's that opened it, by every transport and for every verb."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import Any

import pytest
import requests

from tests.integration.pairs import SERVERS, Pair, pair
from tests.integration.sockets import TIMEOUT_SECONDS
from tests.integration.sse import SseClient
from tests.integration.test_authenticator import jwt_flags, published
from tests.proxy.frontend.issuer import document, public, token

pytestmark = pytest.mark.slow

INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
LISTS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def bearer(**claims: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {token(**claims).decode()}"}


@contextmanager
def guarded(client: str, server: str) -> Iterator[Pair]:
    """A pair whose clients must show a JSON Web Token."""
    with published(document(public("RS256"))) as url, pair(client, server, *jwt_flags(url)) as each:
        yield each


class StreamableClient:
    """A session of streamable HTTP, opened by whom `who` names."""

    def __init__(self, url: str, who: dict[str, str]) -> None:
        self._url = url
        opened = self.send(INITIALIZE, who)
        assert opened.status_code == 200
        self.session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        assert self.send(INITIALIZED, who).status_code == 202

    def send(self, message: Any, who: dict[str, str]) -> requests.Response:
        with self.ask("POST", who, json.dumps(message)) as response:
            response.content  # noqa: B018  # read, so that the connection can be closed
            return response

    def status(self, method: str, who: dict[str, str]) -> int:
        with self.ask(method, who) as response:
            return response.status_code

    def ask(self, method: str, who: dict[str, str], body: str = "") -> requests.Response:
        accept = {"accept": "application/json, text/event-stream", "connection": "close"}
        typed = {"content-type": "application/json"} if body else {}
        headers = {**accept, **typed, **getattr(self, "session", {}), **who}
        return requests.request(
            method, self._url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, stream=True
        )


@pytest.mark.parametrize("server", SERVERS)
def test_a_session_of_streamable_http_is_not_there_for_another_principal(server: str) -> None:
    alice, mallory = bearer(sub="alice"), bearer(sub="mallory")
    with guarded("streamable-http", server) as each:
        session = StreamableClient(each.url, alice)
        for message in (LISTS, INITIALIZED):
            assert session.send(message, mallory).status_code == 404
        for method in ("GET", "DELETE"):
            assert session.status(method, mallory) == 404
        assert session.send(LISTS, bearer(sub="alice", jti="fresh")).status_code == 200
        for method in ("GET", "DELETE"):
            assert session.status(method, alice) == 200


@pytest.mark.parametrize("server", SERVERS)
def test_a_session_of_http_and_sse_is_not_there_for_another_principal(server: str) -> None:
    alice, mallory = bearer(sub="alice"), bearer(sub="mallory")
    with guarded("sse", server) as each, SseClient(each.proxy.port, **alice) as session:
        assert session.post(INITIALIZE, **mallory) == 404
        assert session.post(INITIALIZE, **alice) == 202
        assert session.message()["result"]
        assert session.post(INITIALIZED, **alice) == 202
        assert session.post(LISTS, **mallory) == 404
        assert session.post(LISTS, **alice) == 202
        assert session.message()["result"]["tools"]


def test_each_of_several_fixed_tokens_has_sessions_of_its_own(tmp_path: Any) -> None:
    tokens = ["0123456789abcdef-first", "0123456789abcdef-second"]
    file = tmp_path / "tokens"
    file.write_text("\n".join(tokens))
    first, second = ({"authorization": f"Bearer {each}"} for each in tokens)
    with pair("streamable-http", "stdio", "--bearer-token-file", str(file)) as each:
        session = StreamableClient(each.url, first)
        assert session.send(LISTS, second).status_code == 404
        assert session.send(LISTS, first).status_code == 200


@pytest.mark.parametrize("server", ["stdio", "streamable-http"])
def test_streams_end_with_the_token_that_opened_them(server: str) -> None:
    # 30 s after its expiry a token is no good to anybody: the clocks may differ by that.
    with guarded("streamable-http", server) as each:
        alice = bearer(sub="alice", exp=time.time() - 15)
        session = StreamableClient(each.url, alice)
        carried = SseClient(each.proxy.port, **alice)
        with session.ask("GET", alice) as stream:
            assert stream.status_code == 200
            with suppress(requests.RequestException):
                assert list(stream.iter_lines()) == []
        with suppress(OSError, HTTPException):
            assert carried.message() is None
        assert session.send(LISTS, alice).status_code == 401
        carried.close()
