"""The component in another program: the usual resource options act on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from stacks.charts import Namespace, Profile
from stacks.observability import Observability, ObservabilityArgs
from tests.e2e.engine import Engine, Project
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, inventory

pytestmark = pytest.mark.slow

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
LABEL = "example.org/team"


def labelled(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Give each Deployment a label."""
    if args.type_ != DEPLOYMENT:
        return None
    props: dict[str, Any] = {**args.props}
    labels = {**props["metadata"]["labels"], LABEL: "platform"}
    props["metadata"] = {**props["metadata"], "labels": labels}
    return pulumi.ResourceTransformResult(props, args.opts)


def test_transforms_change_its_children_and_aliases_rename_it(
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    settings = {
        "architecture": "direct-scrape",
        "grafanaAdminPassword": secrets.token_hex(16),
        "chartSource": str(charts[Profile.CURRENT]),
        "components": {"collector": "none", "traces": "none", "toolhive": "none"},
        "servers": [{"name": "docs", "runtime": "proxy", "url": "https://mcp.example.org/mcp"}],
    }
    name = ["before"]
    options = [pulumi.ResourceOptions(transforms=[labelled])]

    def program() -> None:
        kubeconfig = pulumi.Config("kubernetes").require("kubeconfig")
        cluster = kubernetes.Provider("cluster", kubeconfig=kubeconfig)
        opts = pulumi.ResourceOptions.merge(options[0], pulumi.ResourceOptions(provider=cluster))
        Observability(name[0], ObservabilityArgs.from_settings(settings), opts)

    project = Project(settings={"name": "platform", "runtime": "python"}, stack_name="test")
    stack = new_engine().create_stack(project, program)
    stack.up()
    live = client.read("apps/v1", "Deployment", "docs", namespace=Namespace.SERVERS)
    assert live is not None
    assert live["metadata"]["labels"][LABEL] == "platform"

    name[0] = "after"
    alias = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="before")])
    options[0] = pulumi.ResourceOptions.merge(options[0], alias)
    assert stack.up() == frozenset()
    names = [each["urn"].rpartition("::")[2] for each in stack.state()["resources"]]
    assert "after-deployment-docs" in names
    assert not [each for each in names if each.startswith("before")]

    stack.destroy()
    assert _kinds(inventory(client) - untouched) == {"CustomResourceDefinition"}


def _kinds(entries: frozenset[Entry]) -> set[str]:
    return {each.kind for each in entries}
