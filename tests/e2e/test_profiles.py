"""A stack moves to newer charts in place; to older ones only where no newer CRDs are in the way."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks.charts import Profile
from tests.e2e import program
from tests.e2e.charts.definitions import DEFINITIONS
from tests.e2e.engine import Engine, EngineFailed, Project, Stack
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, inventory

pytestmark = pytest.mark.slow

CRDS = "toolhive-operator-crds"
V1ALPHA1, V1BETA1 = (f"toolhive.stacklok.dev/{each}" for each in ("v1alpha1", "v1beta1"))


def project(charts: dict[Profile, Path], profile: Profile) -> Project:
    overrides = {"chartSource": str(charts[profile]), "profile": profile.value}
    servers = [program.SERVERS[0]]
    return program.project(
        "otel-scrape",
        {**overrides, "servers": servers},
        {program.PASSWORD: secrets.token_hex(16)},
    )


def move(stack: Stack, charts: dict[Profile, Path], profile: Profile) -> None:
    stack.configure(f"{program.PREFIX}:profile", profile.value)
    stack.configure(f"{program.PREFIX}:chartSource", str(charts[profile]))


def server(client: Client, version: str) -> dict[str, Any]:
    found = client.read(version, "MCPServer", "fetch", namespace="mcp-servers")
    assert found is not None
    return found


def owner(client: Client) -> str | None:
    """The namespace of the Helm release that the CRD belongs to."""
    name = "mcpservers.toolhive.stacklok.dev"
    found = client.read("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
    assert found is not None
    annotations: dict[str, str] = found["metadata"].get("annotations", {})
    return annotations.get("meta.helm.sh/release-namespace")


def test_a_stack_of_the_tutorial_moves_to_current_charts_and_not_back(
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    stack = new_engine().create_stack(project(charts, Profile.TUTORIAL), program.run)
    stack.up()
    before = server(client, V1ALPHA1)
    assert owner(client) is None

    move(stack, charts, Profile.CURRENT)
    steps = {(each.operation, each.name) for each in stack.up()}
    name = f"{program.PREFIX}-mcpserver-fetch"
    assert {operation for operation, each in steps if each == name} == {
        "create-replacement",
        "delete-replaced",
        "replace",
    }
    after = server(client, V1BETA1)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["spec"]["proxyPort"] == 8080
    assert owner(client) == "toolhive-system"
    assert stack.up() == frozenset()

    deployed = inventory(client)
    move(stack, charts, Profile.TUTORIAL)
    with pytest.raises(EngineFailed, match="'tutorial' is not allowed; the cluster has newer CRDs"):
        stack.up()
    assert inventory(client) == deployed
    move(stack, charts, Profile.CURRENT)
    stack.destroy()


def test_crds_that_the_tutorial_left_are_taken_over(
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    """As `helm uninstall` leaves those of a release in another namespace."""
    for definition in DEFINITIONS[Profile.CURRENT][CRDS]:
        manifest = definition.manifest(keep=True)
        manifest["metadata"]["annotations"] |= {
            "meta.helm.sh/release-name": CRDS,
            "meta.helm.sh/release-namespace": "default",
        }
        manifest["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
        client.apply(manifest)
    assert owner(client) == "default"
    stack = new_engine().create_stack(project(charts, Profile.CURRENT), program.run)
    stack.up()
    assert owner(client) == "toolhive-system"
    assert stack.up() == frozenset()
    stack.destroy()
