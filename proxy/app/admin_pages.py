"""What the admin port shows of the servers behind a proxy, and does for them."""

import asyncio
from collections.abc import Sequence
from math import inf
from time import perf_counter

from ..frontend.admin import FLUSH_PATH, Pages
from ..http import response
from ..http.rejection import StaticResponse
from ..telemetry.prometheus import render
from .service import Service

FLUSH_SECONDS = 1
"""Telemetry is pushed on request at most so often."""


class _Flush:
    """Has telemetry pushed now, not when it is due."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self._last = -inf

    async def __call__(self, accept: str) -> StaticResponse:
        now = perf_counter()
        if now - self._last < FLUSH_SECONDS:
            reason = f"telemetry is pushed on request once in {FLUSH_SECONDS} s\n"
            later = (b"retry-after", b"%d" % FLUSH_SECONDS)
            return StaticResponse(429, response.TEXT, reason.encode(), (later,))
        self._last = now
        for each in self._services:
            each.force_flush()
        return StaticResponse(202, response.TEXT, b"pushing\n")


def admin_pages(services: Sequence[Service]) -> Pages:
    """The pages by path."""
    first, *others = (each.ledger for each in services)
    rendering = asyncio.Lock()

    async def metrics(accept: str) -> StaticResponse:
        # In a thread: 200 tools take 0.15 s to write, in which no call would be served. One at
        # a time: more would only hold up the event loop.
        async with rendering:
            body, content_type = await asyncio.to_thread(render, first, accept, *others)
        return StaticResponse(200, content_type.encode(), body)

    async def healthy(accept: str) -> StaticResponse:
        return StaticResponse(200, response.TEXT, b"ok\n")

    async def ready(accept: str) -> StaticResponse:
        # Of several servers, one that is down does not affect the others.
        obstacles = {each.settings.mount: each.obstacle for each in services}
        lines = [f"{mount[1:]} {each or 'ready'}".strip() for mount, each in obstacles.items()]
        status = 503 if all(obstacles.values()) else 200
        return StaticResponse(
            status, response.TEXT, "".join(f"{each}\n" for each in lines).encode()
        )

    return {
        b"/metrics": metrics,
        b"/healthz": healthy,
        b"/readyz": ready,
        FLUSH_PATH: _Flush(services),
    }
