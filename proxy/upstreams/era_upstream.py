"""One server for clients of both eras: each request goes the way of its client's era."""

from collections import Counter

from ..calls.post import Post, failure
from ..eras.versions import Era, era_of
from ..telemetry.vocabulary import LinkState
from ..wire.head import lines
from ..wire.message import NO_META, NO_PARAMS
from .modern_upstream import ModernUpstream
from .upstream import Upstream

NO_STREAM = "2026-07-28 has no GET stream and no sessions: POST subscriptions/listen"


class EraUpstream:
    """`legacy` serves clients with sessions, `modern` those without. Part of Upstream."""

    def __init__(self, legacy: Upstream, modern: ModernUpstream) -> None:
        self._legacy = legacy
        self._modern = modern

    def __repr__(self) -> str:
        return f"<EraUpstream {self._legacy!r} {self._modern!r}>"

    def post(self, post: Post) -> None:
        """Part of Upstream."""
        if era(post) is Era.MODERN:
            self._modern.post(post)
        else:
            self._legacy.post(post)

    def listen(self, post: Post) -> None:
        """Part of Upstream."""
        if era(post) is Era.MODERN:
            _refuse(post)
        else:
            self._legacy.listen(post)

    def delete(self, post: Post) -> None:
        """Part of Upstream."""
        if era(post) is Era.MODERN:
            _refuse(post)
        else:
            self._legacy.delete(post)

    def tick(self, now: float) -> None:
        """Part of Upstream."""
        self._legacy.tick(now)
        self._modern.tick(now)

    def count_links(self, counts: Counter[LinkState]) -> None:
        """Part of Upstream."""
        self._legacy.count_links(counts)
        self._modern.count_links(counts)

    async def probe(self) -> str:
        """Part of Upstream."""
        return await self._legacy.probe()

    def drain(self) -> None:
        """Part of Upstream."""
        self._legacy.drain()

    async def close(self) -> None:
        """Part of Upstream."""
        await self._modern.close()
        await self._legacy.close()


def era(post: Post) -> Era:
    """The era of a client's request; a batch is of its first message's."""
    first = (post.messages[0].params if post.messages else None) or NO_PARAMS
    return era_of(post.arrival.version, (first.meta or NO_META).version)


def _refuse(post: Post) -> None:
    head, body = failure((), 405, NO_STREAM)
    post.client.answer(head + lines([(b"allow", b"POST")]), body, 405)
