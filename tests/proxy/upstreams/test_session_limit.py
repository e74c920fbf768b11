"""Clients of both eras share one cap on the sessions that the proxy keeps at a server."""

import asyncio
from math import inf

import pytest

from proxy.transports.base import Transport
from proxy.upstreams import session_limit as module
from proxy.upstreams.cross_era.channel_pool import ChannelPool
from proxy.upstreams.cross_era.era_router import EraRouter
from proxy.upstreams.cross_era.legacy_bridge import BridgeConnector
from proxy.upstreams.session_limit import SessionLimit
from proxy.upstreams.sessions import SessionUpstream
from tests.proxy.network import run
from tests.proxy.routes import GREETED, Harness, Legacy, Modern, Server, Way
from tests.proxy.upstreams.test_session_bridge import ScriptedTransport


def crowded(harness: Harness) -> Way:
    """A stdio server at which one session may be kept."""
    server, session_limit = Server(), SessionLimit(1)
    bridged = SessionUpstream(
        harness.config(BridgeConnector(server, None)), idle=100.0, session_limit=session_limit
    )
    modern = ChannelPool(harness.config(server), era=None, idle=100.0, session_limit=session_limit)
    return EraRouter(bridged, modern), server.say


def test_a_session_of_either_era_takes_the_place_of_the_other() -> None:
    async def play(first: type[Modern] | type[Legacy], second: type[Modern] | type[Legacy]) -> None:
        harness = Harness(crowded)
        kept = first(harness).begin()
        await harness.server_sends(())
        refused = second(harness).begin()
        assert (kept.status, refused.status) == (0, 503)
        assert b"all 1 sessions are taken" in refused.body
        await harness.finish()

    run(play(Modern, Legacy))
    run(play(Legacy, Modern))


class Kept:
    """A session of a client; `link` is one that ends when the test says so."""

    client = b""

    def __init__(self, session_limit: SessionLimit, idle_since: float = 0.0) -> None:
        self.gone = asyncio.Event()
        self.idle_since = idle_since
        self.over = False
        self.started = False
        self.transport: Transport | None = None
        self._places = session_limit

    async def start(self) -> None:
        self.started = True
        self.transport = ScriptedTransport()

    def evict(self) -> None:
        self.over, self.idle_since = True, -inf
        self._places.release(self)

    async def open(self) -> "asyncio.Task[None]":
        assert self._places.acquire(self)
        task = asyncio.create_task(self._places.open(self, self.start))
        await asyncio.sleep(0)
        return task


def test_a_session_starts_when_nothing_is_left_of_the_one_that_gave_way_to_it() -> None:
    async def play() -> None:
        session_limit = SessionLimit(1)
        first, second, third = (Kept(session_limit) for _ in range(3))
        await first.open()
        opening = await second.open()
        assert (first.over, second.started, session_limit.ending) == (True, False, 1)
        second.idle_since = inf
        assert not session_limit.acquire(third)
        assert first.transport is not None
        first.transport.exited.set()
        session_limit.tick()
        await opening
        assert (second.started, session_limit.ending) == (True, 0)

    asyncio.run(play())


def test_a_session_that_ends_before_it_starts_leaves_its_place() -> None:
    async def play() -> None:
        session_limit = SessionLimit(1)
        first, second, third = (Kept(session_limit) for _ in range(3))
        await first.open()
        opening = await second.open()
        second.evict()
        assert first.transport is not None
        first.transport.exited.set()
        session_limit.tick()
        await opening
        assert (second.started, second.gone.is_set()) == (False, True)
        await third.open()
        assert third.started

    asyncio.run(play())


def test_what_is_ending_is_waited_for_at_the_end() -> None:
    async def play() -> None:
        session_limit = SessionLimit(1)
        first, second = Kept(session_limit), Kept(session_limit)
        await first.open()
        opening = await second.open()
        closing = asyncio.create_task(session_limit.close())
        await asyncio.sleep(0)
        assert first.transport is not None
        first.transport.exited.set()
        await closing
        await opening
        assert first.gone.is_set()

    asyncio.run(play())


def test_what_does_not_end_in_time_is_killed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "END_SECONDS", 0.01)

    async def play() -> None:
        session_limit = SessionLimit(1)
        first, second = Kept(session_limit), Kept(session_limit)
        await first.open()
        opening = await second.open()
        await session_limit.close()
        await opening
        assert isinstance(first.transport, ScriptedTransport)
        assert first.transport.calls[-1] == "kill"
        assert first.gone.is_set()

    asyncio.run(play())


def test_a_modern_channel_that_nobody_uses_makes_room() -> None:
    async def play() -> None:
        harness = Harness(crowded)
        done = Modern(harness).begin()
        await harness.server_sends((GREETED, GREETED))
        assert done.status == 200
        newcomer = Legacy(harness).begin()
        await harness.server_sends(())
        assert newcomer.status == 0
        await harness.finish()

    run(play())
