"""Everything that is in an API server, as names, so that leftovers show as a difference."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.e2e.kubeapi.client import Client
from tests.waiting import until

# Kinds that the API server writes by itself at any time.
BOOKKEEPING = frozenset({"Event", "Lease", "EndpointSlice", "Endpoints", "APIService"})
RESTORE_SECONDS = 60.0


@dataclass(frozen=True, order=True)
class Entry:
    """The name of one object; `namespace` is empty for what is in none."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.api_version, self.kind, self.namespace, self.name)))


def objects(client: Client) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """All objects of all kinds in all namespaces, the API server's own bookkeeping left out."""
    for found in client.listable_types():
        if found.kind in BOOKKEEPING:
            continue
        for item in client.list_all(found):
            metadata = item["metadata"]
            where = metadata.get("namespace", "")
            yield Entry(found.api_version, found.kind, where, metadata["name"]), item


def inventory(client: Client) -> frozenset[Entry]:
    """The names of all `objects`."""
    return frozenset(entry for entry, _ in objects(client))


@contextlib.contextmanager
def restored(client: Client) -> Iterator[frozenset[Entry]]:
    """Yield what is there; when the block ends, remove what it added, and wait for that."""
    before = inventory(client)

    def clean() -> bool:
        added = inventory(client) - before
        for entry in added:
            client.delete(
                entry.api_version, entry.kind, entry.name, namespace=entry.namespace or None
            )
        return not added

    try:
        yield before
    finally:
        until(clean, seconds=RESTORE_SECONDS)
