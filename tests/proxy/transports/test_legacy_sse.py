"""The event stream of an HTTP+SSE server: whatever comes on it opens the session, or ends it."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from proxy.http.head import parse_response
from proxy.http.pool import Endpoint, Pool
from proxy.jsonrpc.message import RequestId
from proxy.outcome import Verdict
from proxy.transports.legacy_sse import SseLink, SseTerms

TERMS = SseTerms(urlsplit("http://upstream:1/sse"), b"", 10.0, 1000)
EVENTS = parse_response(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")


class Owner:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.ends = 0
        self.returned: list[Sequence[RequestId] | None] = []

    probing = False

    def link_message(self, data: bytes, arrived: float) -> None:
        self.heard.append(data)

    def link_returned(self, ids: Sequence[RequestId] | None, verdict: Verdict, reason: str) -> None:
        self.returned.append(ids)

    def link_ended(self, verdict: Verdict, reason: str) -> None:
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
        link = SseLink(TERMS, pool, owner, lambda each: None, b"")
        link.open(b"")
        link.answer_begins(EVENTS)
        link.answer_piece(b"\n".join(lines) + b"\n\n", 0.0)
        opened = link.opened.done() and link.opened.exception() is None
        assert opened or not owner.heard
        if ends:
            link.answer_ends(0.0)
            assert link.exited.is_set()
            assert link.opened.done()
            assert owner.ends == opened
        link.end()
        if link.opened.done():
            link.opened.exception()

    asyncio.run(play())
