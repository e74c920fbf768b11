"""Prometheus has a volume where the cluster has a default storage class; elsewhere `up` says so."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.charts import Component, Profile
from stacks.config import parse
from stacks.plan import plan
from tests.e2e import program
from tests.e2e.deployed import Deployed
from tests.e2e.engine import Engine, Step
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry

pytestmark = pytest.mark.slow

STANDARD = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "example.com/none",
}


def test_a_default_storage_class_gives_prometheus_a_volume_that_a_switch_leaves_alone(
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    overrides = {"chartSource": str(charts[Profile.CURRENT]), "servers": []}
    project = program.project("direct-scrape", overrides, {program.PASSWORD: secrets.token_hex(16)})
    planned = plan(parse(program.keys(project) | {"grafanaAdminPassword": secrets.token_hex(16)}))
    engine = new_engine()
    stack = engine.create_stack(project, program.run)
    stack.up()
    deployed = Deployed(planned, {}, engine, stack, client, untouched)

    def storage() -> object:
        values = deployed.values(Component.PROMETHEUS)
        return values["prometheus"]["prometheusSpec"].get("storageSpec")

    assert storage() is None
    assert any(
        "has no default storage class: Prometheus keeps" in each for each in stack.transcript
    )

    client.apply(STANDARD)
    release = Step(
        "update", "kubernetes:helm.sh/v3:Release", f"{program.PREFIX}-kube-prometheus-stack"
    )
    assert stack.up() == {release}
    claim = storage()
    assert claim
    assert stack.up() == frozenset()

    stack.configure(f"{program.PREFIX}:architecture", "otel-remote-write")
    stack.up()
    assert storage() == claim
    stack.destroy()
