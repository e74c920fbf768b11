"""The admin side: /metrics, /healthz and /readyz, on an address of their own."""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass

from .. import logs
from ..http import response
from ..http.allowed_hosts import Allowed, refused_host
from ..http.head import RequestHead, joined, parse_request
from ..http.interfaces import Client, Receiver
from ..http.rejection import Page, Refusal
from ..http.request_policy import Arrival
from ..telemetry.vocabulary import Cause

LOG = logging.getLogger("proxy")

MOST_CONNECTIONS = 100
"""Connections at a time, beside those of the clients."""
IDLE_SECONDS = 600.0
"""How long a connection is kept for the next request: longer than Prometheus waits between two."""

METHODS = ("GET", "HEAD")

Pages = Mapping[bytes, Callable[[str], Awaitable[Page]]]
"""What is shown at each path, made for an `Accept` header."""


@dataclass(frozen=True, slots=True)
class AdminGate:
    """The rules of the admin side: `paths`, methods, Host, and no bodies.

    Other machines reach a `private` port.
    """

    paths: tuple[bytes, ...]
    allowed_hosts: Allowed
    private: bool

    def arrive(self, block: bytes) -> Arrival:
        """Judge a request by its head. Raises MalformedHead."""
        head = parse_request(block)
        return Arrival(
            method=head.method,
            errand=head.target.partition(b"?")[0].decode("latin-1"),
            length=head.length,
            chunked=head.chunked,
            keep_alive=head.keep_alive,
            version_1_1=head.version == "1.1",
            forward=joined(head.headers, b"accept"),
            refusal=self._refusal(head),
        )

    def _refusal(self, head: RequestHead) -> Refusal | None:
        host = head.value(b"host")
        reason = "" if host is None else self._refused(host.decode("latin-1"))
        if reason:
            return Refusal(Cause.HOST, 403, reason)
        if head.target.partition(b"?")[0] not in self.paths:
            paths = b", ".join(self.paths).decode()
            return Refusal(Cause.PATH, 404, f"nothing is here: there are {paths}")
        if head.method not in METHODS:
            return Refusal(Cause.METHOD, 405, f"only {' and '.join(METHODS)} are allowed")
        if head.length or head.chunked:
            return Refusal(Cause.BODY_SIZE, 413, "a request has no body here")
        return None

    def _refused(self, host: str) -> str:
        return refused_host(host, self.allowed_hosts, private=self.private)


class AdminPages(Receiver):
    """Answers with pages. `spawn` starts an owned task."""

    def __init__(
        self, pages: Pages, spawn: Callable[[Coroutine[None, None, None]], object]
    ) -> None:
        self._pages = pages
        self._spawn = spawn
        self._host_refused = False

    def request(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        self._spawn(self._serve(client, arrival))

    def refuse(self, arrival: Arrival | None, refusal: Refusal) -> None:
        """Only requests of MCP clients are counted.

        A scraper shows its operator no more than the status, so the log says once what to change.
        """
        if refusal.cause is Cause.HOST and not self._host_refused:
            self._host_refused = True
            logs.event(LOG, "metrics refused", logging.WARNING, reason=refusal.reason)

    async def _serve(self, client: Client, arrival: Arrival) -> None:
        page = await self._pages[arrival.errand.encode("latin-1")](
            arrival.forward.decode("latin-1")
        )
        head = response.start(page.status, page.content_type, *page.headers)
        client.answer(head, page.body, page.status)
