"""Who is let in by a token, at once or once the keys are there, as whom, and for how long."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from proxy.errors import UnusableKeys
from proxy.frontend.jwks import JwksRefresher
from proxy.frontend.jwt_middleware import JwtMiddleware
from proxy.frontend.token_verifier import TokenVerifier
from proxy.http.allowed_hosts import NONE_ALLOWED
from proxy.http.bearer import AnyToken
from proxy.http.interfaces import StillValid
from proxy.http.rejection import HttpRejection
from proxy.http.request_policy import RequestInfo, RequestPolicy
from proxy.http.resource_metadata import metadata
from tests.proxy.frontend.issuer import TERMS, document, public, token

METADATA = metadata(TERMS, "/mcp")
POLICY = RequestPolicy(
    b"/mcp", 1000, True, NONE_ALLOWED, NONE_ALLOWED, AnyToken(METADATA.url), METADATA
)


def info(shown: bytes, start: str, *lines: str) -> RequestInfo:
    named = ("host: localhost", f"authorization: Bearer {shown.decode()}", *lines)
    return POLICY.evaluate("\r\n".join((f"{start} HTTP/1.1", *named, "", "")).encode())


class Request:
    """A request that waits for its decision."""

    def __init__(self) -> None:
        self.principal = b""
        self.holds: StillValid | None = None
        self.refusal: HttpRejection | None = None

    def accept(self, principal: bytes, holds: StillValid | None) -> None:
        assert not self.decided
        self.principal, self.holds = principal, holds

    def reject(self, rejection: HttpRejection) -> None:
        assert not self.decided
        self.refusal = rejection

    @property
    def status(self) -> int:
        return 0 if self.refusal is None else self.refusal.status

    @property
    def decided(self) -> bool:
        return bool(self.principal or self.refusal)


class Issuer:
    """A middleware whose issuer publishes what `publish` returns at the time."""

    def __init__(self, publish: Callable[[], bytes]) -> None:
        self.asked = 0
        self._publish = publish
        self._tasks: set[asyncio.Task[None]] = set()
        verifier = TokenVerifier(TERMS)
        self.watch = JwksRefresher(TERMS.keys_url, verifier, self._fetch)
        self.middleware = JwtMiddleware(
            verifier,
            self.watch,
            METADATA,
            lambda wait: self._tasks.add(asyncio.get_running_loop().create_task(wait)),
        )

    async def _fetch(self) -> bytes:
        self.asked += 1
        return self._publish()

    def check(self, shown: bytes, start: str = "POST /mcp", *lines: str) -> Request:
        client = Request()
        self.middleware.check(client, info(shown, start, *lines))
        return client

    async def waited(self) -> None:
        """The keys are fetched for those who wait."""
        await asyncio.sleep(0)
        await self.watch.turn()
        await asyncio.gather(*self._tasks)


def published() -> bytes:
    return document(public("RS256"))


def absent() -> bytes:
    raise UnusableKeys("no route")


def test_a_good_token_opens_at_once_and_without_another_look_at_the_keys() -> None:
    async def scenario() -> None:
        issuer = Issuer(published)
        await issuer.watch.turn()
        good = token()
        assert {issuer.check(good).principal for _ in range(3)} == {b"sub someone"}
        assert issuer.asked == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("claims", "principal"),
    [
        ({"sub": "alice", "client_id": "app"}, b"sub alice"),
        ({"sub": None, "client_id": "app"}, b"client_id app"),
        ({"sub": "", "client_id": "app"}, b"client_id app"),
    ],
)
def test_who_a_client_is_says_the_subject_of_its_token(
    claims: dict[str, Any], principal: bytes
) -> None:
    async def scenario() -> None:
        issuer = Issuer(published)
        await issuer.watch.turn()
        for _ in range(2):
            assert issuer.check(token(**claims)).principal == principal

    asyncio.run(scenario())


def test_a_token_that_names_nobody_stands_for_itself() -> None:
    async def scenario() -> None:
        issuer = Issuer(published)
        await issuer.watch.turn()
        good = token(sub=None)
        assert issuer.check(good).principal == good

    asyncio.run(scenario())


def test_a_bad_token_gets_the_challenge() -> None:
    async def scenario() -> None:
        issuer = Issuer(published)
        await issuer.watch.turn()
        rejection = issuer.check(token(aud="elsewhere")).refusal
        assert rejection is not None
        [(name, value)] = rejection.headers
        assert (rejection.status, name) == (401, b"www-authenticate")
        assert b'error="invalid_token"' in value
        assert f'resource_metadata="{METADATA.url}"'.encode() in value

    asyncio.run(scenario())


def test_who_comes_before_the_keys_waits_for_them_and_they_are_fetched_once() -> None:
    async def scenario() -> None:
        issuer = Issuer(published)
        applicants = [issuer.check(token()) for _ in range(5)]
        assert not any(each.decided for each in applicants)
        await issuer.waited()
        assert all(each.principal for each in applicants)
        assert issuer.asked == 1

    asyncio.run(scenario())


def test_an_invented_key_is_looked_for_no_more_often_than_allowed() -> None:
    async def scenario() -> None:
        issuer = Issuer(published)
        applicants = [issuer.check(token("RS256", "invented")) for _ in range(5)]
        await issuer.waited()
        assert [each.status for each in applicants] == [401] * 5
        assert issuer.asked == 1

    asyncio.run(scenario())


def test_while_no_keys_can_be_had_clients_are_asked_to_come_back() -> None:
    async def scenario() -> None:
        issuer = Issuer(absent)
        client = issuer.check(token())
        await issuer.waited()
        assert client.status == 503

    asyncio.run(scenario())


SUBSCRIBES = "mcp-method: subscriptions/listen"


@pytest.mark.parametrize(
    ("start", "lines", "lasts"),
    [
        ("POST /mcp", (), False),
        ("DELETE /mcp", (), False),
        ("GET /mcp", (), True),
        ("GET /sse", (), True),
        ("POST /mcp", (SUBSCRIBES,), True),
    ],
)
def test_a_stream_lasts_as_long_as_its_token_is_good_and_a_request_as_it_takes(
    start: str, lines: tuple[str, ...], lasts: bool
) -> None:
    async def scenario() -> None:
        keys = [document(public("RS256")), document(public("ES256"))]
        issuer = Issuer(lambda: keys.pop(0))
        await issuer.watch.turn()
        client = issuer.check(token(), start, *lines)
        assert client.principal
        assert (client.holds is not None) is lasts
        if client.holds is not None:
            assert client.holds()
            await issuer.watch.turn()
            assert not client.holds()

    asyncio.run(scenario())
