"""Kind -> address: what the API server says about the kinds it serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ResourceType:
    """One kind as the API server serves it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]

    @property
    def root(self) -> str:
        return f"/{group_path(self.api_version)}"

    def path(self, *, namespace: str | None, name: str | None = None) -> str:
        """The path of one object or of the collection; `namespace` None means all of them."""
        middle = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.root}{middle}/{self.plural}" + (f"/{name}" if name else "")


def group_path(api_version: str) -> str:
    """`v1` is the old core group with a root of its own; all others are `group/version`."""
    return f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"


def resource_types(document: Mapping[str, Any]) -> Iterable[ResourceType]:
    """The kinds of an APIResourceList, its subresources (`pods/log`) left out."""
    for entry in document.get("resources", ()):
        if "/" not in entry["name"]:
            yield ResourceType(
                api_version=document["groupVersion"],
                kind=entry["kind"],
                plural=entry["name"],
                namespaced=entry["namespaced"],
                verbs=frozenset(entry["verbs"]),
            )
