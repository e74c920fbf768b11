"""A question of the proxy's own: what counts as its answer on a stream."""

import asyncio

from proxy.http.fetch import Fetch
from proxy.http.head import parse_response
from proxy.http.sse import encode

EVENTS = parse_response(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")


def test_what_a_server_says_before_its_answer_is_none() -> None:
    async def ask() -> bytes:
        fetch = Fetch(1000)
        fetch.on_headers(EVENTS)
        for event in (b'{"method":"notifications/message"}', b"noise", b'{"id":1,"result":{}}'):
            fetch.on_data(encode(event), 0.0)
        reply = await fetch.result()
        return b"" if reply is None else reply.body

    assert asyncio.run(ask()) == b'{"id":1,"result":{}}'


def test_an_answer_longer_than_the_limit_is_none_however_it_comes() -> None:
    head = parse_response(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n")

    async def ask(*, whole: bool) -> tuple[object, bool, str]:
        fetch = Fetch(1000)
        if whole:
            fetch.on_response(head, b"x" * 1001, 0.0)
        else:
            fetch.on_headers(head)
            fetch.on_data(b"x" * 1001, 0.0)
        return await fetch.result(), fetch.too_long, fetch.reason

    for whole in (True, False):
        found = asyncio.run(ask(whole=whole))
        assert found == (None, True, "an answer of more than 1000 bytes")
