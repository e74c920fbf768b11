"""The event stream of an HTTP+SSE server: whatever comes on it opens the session, or ends it."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from proxy.http.head import parse_response
from proxy.http.pool import Endpoint, Pool
from proxy.jsonrpc.message import RequestId
from proxy.outcome import CallOutcome
from proxy.transports.legacy_sse import LegacySseConfig, LegacySseTransport

TERMS = LegacySseConfig(urlsplit("http://upstream:1/sse"), b"", 10.0, 1000)
EVENTS = parse_response(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")


class Owner:
    """Keeps what it is notified."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.ends = 0
        self.returned: list[Sequence[RequestId] | None] = []

    probing = False

    def on_message(self, data: bytes, arrived: float) -> None:
        self.received.append(data)

    def on_undelivered(
        self, ids: Sequence[RequestId] | None, outcome: CallOutcome, reason: str
    ) -> None:
        self.returned.append(ids)

    def on_closed(self, outcome: CallOutcome, reason: str) -> None:
        self.ends += 1


LINES = st.sampled_from(
    (
        b"event: endpoint", b"data: /messages?s=1", b"data: http://upstream:1/m", b"data: //[", b"",
        b"data: http://upstream:99999/", b"data: http://evil.example/", b"data: \xff", b"data:",
        b"event: message", b'data: {"id":1,"result":{}}', b"id: \x00", b"retry: x", b": comment",
    )
)  # fmt: skip


@given(st.lists(LINES | st.binary(max_size=9), max_size=12), st.booleans())
def test_whatever_comes_on_the_stream_opens_the_session_or_ends_it(
    lines: list[bytes], ends: bool
) -> None:
    async def play() -> None:
        owner = Owner()
        pool = Pool(Endpoint("upstream", 1, None), lambda work: work.close(), lambda why: None)
        transport = LegacySseTransport(TERMS, pool, owner, lambda each: None, b"")
        transport.open(b"")
        transport.on_headers(EVENTS)
        transport.on_data(b"\n".join(lines) + b"\n\n", 0.0)
        opened = transport.opened.done() and transport.opened.exception() is None
        assert opened or not owner.received
        if ends:
            transport.on_end(0.0)
            assert transport.exited.is_set()
            assert transport.opened.done()
            assert owner.ends == opened
        transport.end()
        if transport.opened.done():
            transport.opened.exception()

    asyncio.run(play())
