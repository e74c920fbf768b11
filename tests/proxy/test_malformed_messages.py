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
from tests.proxy.routes import ALL, CLIENTS, GREETED, WAYS, Harness, Modern, Server
from tests.proxy.scripted import ScriptedClient
from tests.proxy.translation.messages import meta

MANY = 15
PER_HARNESS = 25
"""Texts for each harness: earlier texts may leave it in a state in which it accepts nothing."""
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
    harness = Harness(WAYS[way])
    await CLIENTS[client](harness).open([text])
    await harness.finish()
    assert harness.counted == harness.begun


async def send_from_server(way: str, client: str, said: Sequence[bytes]) -> None:
    """After each question the server says one of these."""
    harness = Harness(WAYS[way])
    asking = CLIENTS[client](harness)
    await asking.open(())
    for text in said:
        asking.ask("tools/list" if b'"tools"' in text else "tools/call")
        await harness.server_sends([text])
    await harness.finish()
    assert harness.counted == harness.begun


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_session_may_be_opened_by_every_odd_word(way: str, client: str) -> None:
    async def walk() -> None:
        for text in spoilt(OPENINGS):
            with noting(text):
                await open_oddly(way, client, text)

    run(walk())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_question_may_be_answered_by_every_odd_word(way: str, client: str) -> None:
    async def walk() -> None:
        words = spoilt(MESSAGES)
        for start in range(0, len(words), PER_HARNESS):
            some = words[start : start + PER_HARNESS]
            with noting(some):
                await send_from_server(way, client, some)

    run(walk())


def dispatcher_of(harness: Harness) -> Dispatcher:
    """What clients speak to."""
    streams = SessionUpstream(harness.config(Server()), idle=100.0, session_limit=SessionLimit(1))
    limits = Limits(depth=900, in_flight=1000)
    return Dispatcher(
        harness.upstream,
        streams,
        harness.recorder,
        Tracer(OFF, None),
        limits,
        asyncio.ensure_future,
    )


async def send_from_client(way: str, client: str, method: str, said: Sequence[bytes]) -> None:
    """A client sends these, each is answered, and the server responds to the requests it gets."""
    harness = Harness(WAYS[way])
    asking = CLIENTS[client](harness)
    await asking.open(())
    dispatcher, senders = dispatcher_of(harness), [ScriptedClient() for _ in said]
    for sender, text in zip(senders, said, strict=True):
        dispatcher.request(sender, asking.head(method), text, perf_counter())
        await harness.server_sends([GREETED])
    await harness.finish()
    assert all(each.begun or each.over for each in senders)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_client_may_say_every_odd_word(way: str, client: str) -> None:
    async def walk() -> None:
        for message in OF_CLIENTS:
            words = spoilt([message])
            for start in range(0, len(words), PER_HARNESS):
                some = words[start : start + PER_HARNESS]
                with noting(some):
                    await send_from_client(way, client, message.get("method", ""), some)

    run(walk())


async def resume(text: bytes) -> None:
    """A client brings this, with its true state, after a legacy server asked it for input."""
    harness = Harness(WAYS["stdio"])
    asking = Modern(harness)
    client = asking.begin()
    await harness.server_sends([NO_DISCOVERY, GREETED, ASKS])
    state = re.search(rb'"requestState":"([^"]+)"', client.body)
    assert state is not None
    dispatcher = dispatcher_of(harness)
    brought = text.replace(STATE.encode(), state[1])
    dispatcher.request(ScriptedClient(), asking.head("tools/call"), brought, perf_counter())
    await harness.server_sends([DONE])
    await harness.finish()


def test_a_client_may_bring_every_odd_input() -> None:
    async def walk() -> None:
        for text in spoilt([RESUMING]):
            with noting(text):
                await resume(text)

    run(walk())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", WAYS)
@given(st.lists(texts, max_size=4))
@settings(max_examples=MANY)
def test_a_server_may_say_anything_in_any_order(way: str, client: str, said: list[bytes]) -> None:
    run(send_from_server(way, client, said))


@contextmanager
def noting(said: object) -> Iterator[None]:
    """An error that names what was said."""
    try:
        yield
    except Exception as error:
        error.add_note(f"said {said!r:.500}")
        raise
