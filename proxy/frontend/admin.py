"""The admin port: /metrics, /healthz, /readyz and /flush, on a separate address."""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass

from .. import logs
from ..http import response
from ..http.allowed_hosts import AllowList, refused_host
from ..http.head import RequestHead, joined, parse_request
from ..http.interfaces import Client, RequestHandler
from ..http.rejection import HttpRejection, StaticResponse
from ..http.request_policy import RequestInfo
from ..telemetry.vocabulary import RejectionCause

LOG = logging.getLogger("proxy")

MOST_CONNECTIONS = 100
"""Connections at a time, not counting those of MCP clients."""
IDLE_SECONDS = 600.0
"""How long a connection is kept for the next request: longer than Prometheus waits between two."""

METHODS = ("GET", "HEAD")
FLUSH_PATH = b"/flush"
"""A POST here has telemetry pushed now, not when it is due."""

Pages = Mapping[bytes, Callable[[str], Awaitable[StaticResponse]]]
"""What is shown at each path, made for an `Accept` header."""


@dataclass(frozen=True, slots=True)
class AdminPolicy:
    """The rules of the admin port: `paths`, methods, Host, and no bodies.

    Other machines reach a `private` port.
    """

    paths: tuple[bytes, ...]
    allowed_hosts: AllowList
    private: bool

    def evaluate(self, block: bytes) -> RequestInfo:
        """Judge a request by its head. Raises MalformedHead."""
        head = parse_request(block)
        return RequestInfo(
            method=head.method,
            route=head.target.partition(b"?")[0].decode("latin-1"),
            length=head.length,
            chunked=head.chunked,
            keep_alive=head.keep_alive,
            version_1_1=head.version == "1.1",
            forward=joined(head.headers, b"accept"),
            rejection=self._refusal(head),
        )

    def _refusal(self, head: RequestHead) -> HttpRejection | None:
        host = head.value(b"host")
        reason = "" if host is None else self._refused(host.decode("latin-1"))
        if reason:
            return HttpRejection(RejectionCause.HOST, 403, reason)
        path = head.target.partition(b"?")[0]
        if path not in self.paths:
            paths = b", ".join(self.paths).decode()
            return HttpRejection(RejectionCause.PATH, 404, f"nothing is here: there are {paths}")
        allowed = ("POST",) if path == FLUSH_PATH else METHODS
        if head.method not in allowed:
            return HttpRejection(
                RejectionCause.METHOD, 405, f"allowed here: {' and '.join(allowed)}"
            )
        if head.length or head.chunked:
            return HttpRejection(RejectionCause.BODY_SIZE, 413, "a request has no body here")
        return None

    def _refused(self, host: str) -> str:
        return refused_host(host, self.allowed_hosts, private=self.private)


class AdminPages(RequestHandler):
    """Responds with pages. `spawn` starts a task in the caller's group."""

    def __init__(
        self, pages: Pages, spawn: Callable[[Coroutine[None, None, None]], object]
    ) -> None:
        self._pages = pages
        self._spawn = spawn
        self._host_refused = False

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        self._spawn(self._serve(client, info))

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        """Only requests of MCP clients are counted.

        A scraper shows its operator no more than the status, so the log says once what to change.
        """
        if rejection.cause is RejectionCause.HOST and not self._host_refused:
            self._host_refused = True
            logs.event(LOG, "metrics refused", logging.WARNING, reason=rejection.reason)

    async def _serve(self, client: Client, info: RequestInfo) -> None:
        page = await self._pages[info.route.encode("latin-1")](info.forward.decode("latin-1"))
        head = response.start(page.status, page.content_type, *page.headers)
        client.respond(head, page.body, page.status)
