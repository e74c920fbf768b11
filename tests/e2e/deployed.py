"""A stack that is up, and what of it is in the API server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from stacks.charts import CHARTS, Component
from stacks.plan import Plan
from tests.e2e.engine import Engine, Stack
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry


@dataclass(frozen=True)
class Deployed:
    """A stack that is up."""

    plan: Plan
    secrets: dict[tuple[str, str], str]
    """Values by the names of the Secret and the key that hold them."""
    engine: Engine
    stack: Stack
    client: Client
    before: frozenset[Entry]

    def read(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        found = self.client.read(api_version, kind, name, namespace=namespace)
        assert found is not None, f"{kind} {namespace}/{name} is not there"
        return found

    def values(self, component: Component) -> dict[str, Any]:
        """The values that the stand-in chart recorded."""
        release = next(each for each in self.plan.releases if each.component is component)
        name = f"{release.name}-recorded-values"
        record = self.read("v1", "ConfigMap", release.namespace, name)["data"]
        pinned = CHARTS[self.plan.profile][component]
        assert record["chart"] == f"{pinned.name}-{pinned.version}"
        return dict(json.loads(record["values.json"]))

    def monitors(self) -> dict[str, dict[str, Any]]:
        found = self.client.resource_type("monitoring.coreos.com/v1", "ServiceMonitor")
        return {each["metadata"]["name"]: each["spec"] for each in self.client.list_all(found)}

    def services(self) -> list[dict[str, Any]]:
        return self.client.list_all(self.client.resource_type("v1", "Service"))
