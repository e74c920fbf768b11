"""Whatever a server or a client says, and when: nothing raises, and each call is counted once."""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.frontend.dispatcher import Dispatcher, Limits
from proxy.telemetry.tracing.sampler import OFF
from proxy.telemetry.tracing.tracer import Tracer
from proxy.upstreams.session_limit import SessionLimit
from proxy.upstreams.sessions import SessionUpstream
from tests.proxy.malformed_messages import (
    ID,
    MESSAGES,
    OF_CLIENTS,
    OPENINGS,
    QUESTION,
    spoilt,
    texts,
)
from tests.proxy.network import run
from tests.proxy.routes import ALL, CLIENTS, GREETED, WAYS, Modern, Scene, Server
from tests.proxy.scripted import ScriptedClient
from tests.proxy.translation.messages import meta

MANY = 15
A_SCENE = 25
"""Texts before there is a new scene: what was said before wears it off."""
NO_DISCOVERY = json.dumps({"id": ID, "error": {"code": -32601, "message": "m"}}).encode()
ASKS = json.dumps({"id": "q", **QUESTION}).encode()
DONE = json.dumps({"id": ID, "result": {"content": []}}).encode()
STATE = "the state that the client was given"
RESUMING = {
    "id": 9,
    "method": "tools/call",
    "params": {
        "name": "t",
        "requestState": STATE,
        "inputResponses": {"input-1": {"action": "accept"}},
        "_meta": meta(ALL, progressToken=9),
    },
}


async def open_oddly(way: str, client: str, text: bytes) -> None:
    """The server says something else before it opens the session."""
    scene = Scene(WAYS[way])
    await CLIENTS[client](scene).open([text])
    await scene.finish()
    assert scene.counted == scene.begun


async def converse(way: str, client: str, said: Sequence[bytes]) -> None:
    """After each question the server says one of these."""
    scene = Scene(WAYS[way])
    asking = CLIENTS[client](scene)
    await asking.open(())
    for text in said:
        asking.ask("tools/list" if b'"tools"' in text else "tools/call")
        await scene.hear([text])
    await scene.finish()
    assert scene.counted == scene.begun


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_session_may_be_opened_by_every_odd_word(way: str, client: str) -> None:
    async def walk() -> None:
        for text in spoilt(OPENINGS):
            with told_of(text):
                await open_oddly(way, client, text)

    run(walk())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_question_may_be_answered_by_every_odd_word(way: str, client: str) -> None:
    async def walk() -> None:
        words = spoilt(MESSAGES)
        for start in range(0, len(words), A_SCENE):
            some = words[start : start + A_SCENE]
            with told_of(some):
                await converse(way, client, some)

    run(walk())


def relay_of(scene: Scene) -> Dispatcher:
    """What clients speak to."""
    streams = SessionUpstream(scene.config(Server()), idle=100.0, session_limit=SessionLimit(1))
    limits = Limits(depth=900, in_flight=1000)
    return Dispatcher(
        scene.upstream, streams, scene.recorder, Tracer(OFF, None), limits, asyncio.ensure_future
    )


async def confess(way: str, client: str, method: str, said: Sequence[bytes]) -> None:
    """A client says these, and the server answers if it gets a request."""
    scene = Scene(WAYS[way])
    asking = CLIENTS[client](scene)
    await asking.open(())
    relay = relay_of(scene)
    for text in said:
        relay.request(ScriptedClient(), asking.head(method), text, perf_counter())
        await scene.hear([GREETED])
    await scene.finish()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_client_may_say_every_odd_word(way: str, client: str) -> None:
    async def walk() -> None:
        for message in OF_CLIENTS:
            words = spoilt([message])
            for start in range(0, len(words), A_SCENE):
                some = words[start : start + A_SCENE]
                with told_of(some):
                    await confess(way, client, message.get("method", ""), some)

    run(walk())


async def resume(text: bytes) -> None:
    """A client brings this, with its true state, after a legacy server asked it for input."""
    scene = Scene(WAYS["stdio"])
    asking = Modern(scene)
    client = asking.begin()
    await scene.hear([NO_DISCOVERY, GREETED, ASKS])
    state = re.search(rb'"requestState":"([^"]+)"', client.body)
    assert state is not None
    relay = relay_of(scene)
    brought = text.replace(STATE.encode(), state[1])
    relay.request(ScriptedClient(), asking.head("tools/call"), brought, perf_counter())
    await scene.hear([DONE])
    await scene.finish()


def test_a_client_may_bring_every_odd_input() -> None:
    async def walk() -> None:
        for text in spoilt([RESUMING]):
            with told_of(text):
                await resume(text)

    run(walk())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
@given(st.lists(texts, max_size=4))
@settings(max_examples=MANY)
def test_a_server_may_say_anything_in_any_order(way: str, client: str, said: list[bytes]) -> None:
    run(converse(way, client, said))


@contextmanager
def told_of(said: object) -> Iterator[None]:
    """An error that names what was said."""
    try:
        yield
    except Exception as error:
        error.add_note(f"said {said!r:.500}")
        raise
