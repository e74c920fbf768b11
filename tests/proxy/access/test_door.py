"""The door: who is let through to the relay, at once or once the keys are there."""

import asyncio
from collections.abc import Callable

from proxy.access.bearer import HoldersOfAny
from proxy.access.door import Door
from proxy.access.jwks import KeyWatch
from proxy.access.jwts import Judge
from proxy.access.metadata import metadata
from proxy.errors import UnusableKeys
from proxy.gate import Arrival, Gate
from proxy.hosts import NOBODY
from proxy.transports.port import Client
from tests.proxy.access.issuer import TERMS, document, public, token
from tests.proxy.scripted import ScriptedClient

METADATA = metadata(TERMS, "/mcp")
GATE = Gate(b"/mcp", 1000, True, NOBODY, NOBODY, HoldersOfAny(METADATA.url), METADATA)


def arrival(shown: bytes = b"") -> Arrival:
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %b\r\n\r\n" % shown
    return GATE.arrive(head)


class Inside:
    """Whom the door lets through, and what it refuses."""

    def __init__(self) -> None:
        self.let_in: list[Client] = []
        self.refused: list[int] = []

    def request(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        self.let_in.append(client)

    def refuse(self, arrival: Arrival | None, status: int) -> None:
        self.refused.append(status)


class Knocking:
    """A door whose issuer publishes what `publish` returns at the time."""

    def __init__(self, publish: Callable[[], bytes]) -> None:
        self.inside = Inside()
        self.asked = 0
        self._publish = publish
        self._tasks: set[asyncio.Task[None]] = set()
        judge = Judge(TERMS)
        self.watch = KeyWatch(TERMS.keys_url, judge, self._fetch)
        self.door = Door(
            self.inside,
            judge,
            self.watch,
            METADATA,
            lambda wait: self._tasks.add(asyncio.get_running_loop().create_task(wait)),
        )

    async def _fetch(self) -> bytes:
        self.asked += 1
        return self._publish()

    def knock(self, shown: bytes) -> ScriptedClient:
        client = ScriptedClient()
        self.door.request(client, arrival(shown), b"{}", 0.0)
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
    async def scene() -> None:
        knocking = Knocking(published)
        await knocking.watch.turn()
        good = token()
        clients = [knocking.knock(good) for _ in range(3)]
        assert knocking.inside.let_in == clients
        assert knocking.asked == 1

    asyncio.run(scene())


def test_a_bad_token_gets_the_challenge_and_counts_as_refused() -> None:
    async def scene() -> None:
        knocking = Knocking(published)
        await knocking.watch.turn()
        client = knocking.knock(token(aud="elsewhere"))
        assert client.status == 401
        assert b'error="invalid_token"' in client.head
        assert f'resource_metadata="{METADATA.url}"'.encode() in client.head
        assert (knocking.inside.let_in, knocking.inside.refused) == ([], [401])

    asyncio.run(scene())


def test_who_comes_before_the_keys_waits_for_them_and_they_are_fetched_once() -> None:
    async def scene() -> None:
        knocking = Knocking(published)
        clients = [knocking.knock(token()) for _ in range(5)]
        assert knocking.inside.let_in == []
        await knocking.waited()
        assert knocking.inside.let_in == clients
        assert knocking.asked == 1

    asyncio.run(scene())


def test_an_invented_key_is_looked_for_no_more_often_than_allowed() -> None:
    async def scene() -> None:
        knocking = Knocking(published)
        clients = [knocking.knock(token("RS256", "invented")) for _ in range(5)]
        await knocking.waited()
        assert [each.status for each in clients] == [401] * 5
        assert knocking.asked == 1

    asyncio.run(scene())


def test_while_no_keys_can_be_had_clients_are_asked_to_come_back() -> None:
    async def scene() -> None:
        knocking = Knocking(absent)
        client = knocking.knock(token())
        await knocking.waited()
        assert client.status == 503
        assert b"retry-after" in client.head
        assert knocking.inside.refused == [503]

    asyncio.run(scene())


def test_a_client_that_left_while_it_waited_gets_nothing() -> None:
    async def scene() -> None:
        knocking = Knocking(published)
        client = knocking.knock(token())
        await asyncio.sleep(0)
        assert client.visitor is not None
        client.visitor.client_gone()
        await knocking.waited()
        assert (client.status, knocking.inside.let_in) == (0, [])

    asyncio.run(scene())
