"""Whatever a server says, whenever it says it: nothing raises, and every call is counted once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proxy.oddities import MESSAGES, OPENINGS, spoilt, texts
from tests.proxy.ways import CLIENTS, WAYS, Scene, run

MANY = 15
A_SCENE = 25
"""Texts before there is a new scene: what was said before wears it off."""


async def open_oddly(way: str, client: str, text: bytes) -> None:
    """The server says something else before it opens the session."""
    scene = Scene(WAYS[way])
    await CLIENTS[client](scene).open([text])
    await scene.finish()


async def converse(way: str, client: str, said: Sequence[bytes]) -> None:
    """After each question the server says one of these."""
    scene = Scene(WAYS[way])
    asking = CLIENTS[client](scene)
    await asking.open(())
    for text in said:
        asking.ask("tools/list" if b'"tools"' in text else "tools/call")
        await scene.hear([text])
    await scene.finish()


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
        error.add_note(f"the server said {said!r:.500}")
        raise
