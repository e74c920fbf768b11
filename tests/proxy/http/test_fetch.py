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
        told = await fetch.result()
        return b"" if told is None else told.body

    assert asyncio.run(ask()) == b'{"id":1,"result":{}}'
