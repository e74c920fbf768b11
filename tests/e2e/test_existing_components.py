"""A stack beside an operator's Prometheus and a Tempo that are there already."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.charts import Profile
from tests.e2e import program
from tests.e2e.charts.definitions import DEFINITIONS
from tests.e2e.engine import Engine
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, inventory, objects

pytestmark = pytest.mark.slow

COMPONENTS = {
    "prometheus": {
        "url": "http://prometheus.observability.svc:9090",
        "labels": {"release": "kps"},
    },
    "traces": {"address": "tempo.tracing.svc:4317", "type": "tempo", "insecure": True},
    "toolhive": "none",
}


def test_what_is_there_is_joined_and_stays_when_the_stack_goes(
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    for definition in DEFINITIONS[Profile.CURRENT]["kube-prometheus-stack"]:
        client.apply(definition.manifest(keep=False))
    client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}})
    before = inventory(client)
    overrides = {
        "chartSource": str(charts[Profile.CURRENT]),
        "servers": program.SERVERS[1:],
        "components": COMPONENTS,
        "existingNamespaces": ["monitoring"],
    }
    project = program.project("direct-scrape", overrides, {program.PASSWORD: secrets.token_hex(16)})
    stack = new_engine().create_stack(project, program.run)
    stack.up()
    releases = {
        entry.name.split(".")[4]
        for entry in inventory(client)
        if entry.name.startswith("sh.helm.release.v1.")
    }
    assert releases == {"kube-prometheus-stack", "otel-collector"}
    selected = [
        live["metadata"]["labels"]["release"]
        for entry, live in objects(client)
        if entry.kind == "PrometheusRule" or entry.name == "mcp-proxies"
    ]
    assert selected == ["kps", "kps"]
    assert stack.up() == frozenset()
    stack.destroy()
    assert inventory(client) == before
