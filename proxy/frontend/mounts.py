"""Several servers in one process, each at paths of its own: what of a request is for which."""

from collections.abc import Mapping
from dataclasses import replace

from ..http.head import parse_request
from ..http.interfaces import Client, Receiver
from ..http.rejection import Refusal
from ..http.request_policy import Arrival, Gate
from ..http.resource_metadata import document_path
from ..telemetry.vocabulary import Cause, cut


class Mounts(Receiver):
    """Stands before the gates and receivers of servers, by the first part of their paths.

    A server's gate sees the request as if a reverse proxy had taken that part off. Part of
    `transports.port.Receiver`; what is refused before it is known for which server it is counts
    for the first.
    """

    def __init__(self, gates: Mapping[str, Gate], receivers: Mapping[str, Receiver]) -> None:
        self._gates = gates
        self._receivers = receivers
        self._first = next(iter(gates))

    def __repr__(self) -> str:
        return f"<Mounts {[*self._gates]}>"

    def arrive(self, block: bytes) -> Arrival:
        """Judge a request by its head, as its server's gate does. Raises MalformedHead."""
        head = parse_request(block)
        mount, target = self._split(head.target)
        if mount:
            arrival = self._gates[mount].judge(replace(head, target=target or b"/"))
            base = arrival.base and arrival.base + mount.encode()
            return replace(arrival, mount=mount, base=base)
        arrival = self._gates[self._first].judge(replace(head, target=b"/"))
        if arrival.refusal is None or arrival.refusal.cause is not Cause.PATH:
            return replace(arrival, mount=self._first)
        path = cut(head.target.partition(b"?")[0].decode("latin-1"))
        places = ", ".join(f"{each}/mcp" for each in self._gates)
        refusal = Refusal(Cause.PATH, 404, f"nothing is at {path!r}: MCP is at {places}")
        return replace(arrival, mount=self._first, refusal=refusal)

    def request(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        self._receivers[arrival.mount].request(client, arrival, body, started)

    def refuse(self, arrival: Arrival | None, refusal: Refusal) -> None:
        mount = self._first if arrival is None else arrival.mount
        self._receivers[mount].refuse(arrival, refusal)

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
