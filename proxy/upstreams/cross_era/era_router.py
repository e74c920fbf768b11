"""One server for clients of both eras: each request goes the way of its client's era."""

from collections import Counter

from ...calls.client_request import Post, failure
from ...http.head import lines
from ...jsonrpc.message import NO_META, NO_PARAMS
from ...telemetry.vocabulary import LinkState
from ...translation.versions import Era, era_of
from ..base import Upstream
from .channel_pool import ModernUpstream

NO_STREAM = "2026-07-28 has no GET stream and no sessions: POST subscriptions/listen"


class EraUpstream(Upstream):
    """`legacy` serves clients with sessions, `modern` those without."""

    def __init__(self, legacy: Upstream, modern: ModernUpstream) -> None:
        self._legacy = legacy
        self._modern = modern

    def __repr__(self) -> str:
        return f"<EraUpstream {self._legacy!r} {self._modern!r}>"

    def post(self, post: Post) -> None:
        if era(post) is Era.MODERN:
            self._modern.post(post)
        else:
            self._legacy.post(post)

    def listen(self, post: Post) -> None:
        if era(post) is Era.MODERN:
            _refuse(post)
        else:
            self._legacy.listen(post)

    def delete(self, post: Post) -> None:
        if era(post) is Era.MODERN:
            _refuse(post)
        else:
            self._legacy.delete(post)

    def tick(self, now: float) -> None:
        self._legacy.tick(now)
        self._modern.tick(now)

    def count_links(self, counts: Counter[LinkState]) -> None:
        self._legacy.count_links(counts)
        self._modern.count_links(counts)

    async def probe(self) -> str:
        return await self._legacy.probe()

    def drain(self) -> None:
        self._legacy.drain()

    async def close(self) -> None:
        await self._modern.close()
        await self._legacy.close()


def era(post: Post) -> Era:
    """The era of a client's request; a batch is of its first message's."""
    first = (post.messages[0].params if post.messages else None) or NO_PARAMS
    return era_of(post.arrival.version, (first.meta or NO_META).version)


def _refuse(post: Post) -> None:
    head, body = failure((), 405, NO_STREAM)
    post.client.answer(head + lines([(b"allow", b"POST")]), body, 405)
