"""Everything that is in an API server, as names, so that leftovers show as a difference."""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.kubeapi.client import Client

# Kinds that the API server writes by itself at any time.
_BOOKKEEPING = frozenset({"Event", "Lease", "EndpointSlice", "Endpoints", "APIService"})


@dataclass(frozen=True, order=True)
class Entry:
    """The name of one object."""

    api_version: str
    kind: str
    namespace: str | None
    name: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.api_version, self.kind, self.namespace, self.name)))


def inventory(client: Client) -> frozenset[Entry]:
    """All objects of all kinds in all namespaces, the API server's own bookkeeping left out."""
    return frozenset(
        Entry(found.api_version, found.kind, metadata.get("namespace"), metadata["name"])
        for found in client.listable_types()
        if found.kind not in _BOOKKEEPING
        for metadata in (item["metadata"] for item in client.list_all(found))
    )
