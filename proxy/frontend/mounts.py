"""Several servers in one process, each at its own paths."""

from collections.abc import Mapping
from dataclasses import replace

from ..http.head import parse_request
from ..http.interfaces import Client, RequestHandler
from ..http.rejection import HttpRejection
from ..http.request_policy import RequestInfo, RequestPolicy
from ..http.resource_metadata import document_path
from ..telemetry.vocabulary import RejectionCause, cut


class Mounts(RequestHandler):
    """Stands before the policies and receivers of servers, by the first part of their paths.

    A server's policy sees the request as if a reverse proxy had taken that part off. A
    request at a path of no server counts for none, one whose path is not read for the first.
    """

    def __init__(
        self, gates: Mapping[str, RequestPolicy], receivers: Mapping[str, RequestHandler]
    ) -> None:
        self._gates = gates
        self._receivers = receivers
        self._first = next(iter(gates))

    def __repr__(self) -> str:
        return f"<Mounts {[*self._gates]}>"

    def evaluate(self, block: bytes) -> RequestInfo:
        """Evaluate a request by its server's policy. Raises MalformedHead."""
        head = parse_request(block)
        mount, target = self._split(head.target)
        if mount:
            info = self._gates[mount].evaluate_head(replace(head, target=target or b"/"))
            base = info.base and info.base + mount.encode()
            return replace(info, mount=mount, base=base)
        info = self._gates[self._first].evaluate_head(replace(head, target=b"/"))
        if info.rejection is None or info.rejection.cause is not RejectionCause.PATH:
            return info
        path = cut(head.target.partition(b"?")[0].decode("latin-1"))
        places = ", ".join(f"{each}/mcp" for each in self._gates)
        rejection = HttpRejection(
            RejectionCause.PATH, 404, f"nothing is at {path!r}: MCP is at {places}"
        )
        return replace(info, rejection=rejection)

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        self._receivers[info.mount].request(client, info, body, started)

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        mount = self._first if info is None else info.mount
        if mount:
            self._receivers[mount].refuse(info, rejection)

    def _split(self, target: bytes) -> tuple[str, bytes]:
        """The mount that a target begins with, "" for none, and the target without it.

        Of a document about a resource, it is what the resource's path begins with (RFC 9728, 3.1).
        """
        root, about = document_path(target.partition(b"?")[0])
        rest = target.removeprefix(root)
        end = rest.find(b"/", 1)
        mount = rest[: end if end > 0 else len(rest)].decode("latin-1")
        if mount not in self._gates:
            return "", target
        return mount, root + rest[len(mount) :]
