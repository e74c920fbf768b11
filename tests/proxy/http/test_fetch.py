"""A question of the proxy's own: what counts as its answer on a stream."""

import asyncio

from proxy.http.fetch import Inquiry
from proxy.http.head import parse_response
from proxy.http.sse import encode

EVENTS = parse_response(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")


def test_what_a_server_says_before_its_answer_is_none() -> None:
    async def ask() -> bytes:
        inquiry = Inquiry(1000)
        inquiry.answer_begins(EVENTS)
        for event in (b'{"method":"notifications/message"}', b"noise", b'{"id":1,"result":{}}'):
            inquiry.answer_piece(encode(event), 0.0)
        told = await inquiry.told()
        return b"" if told is None else told.body

    assert asyncio.run(ask()) == b'{"id":1,"result":{}}'
