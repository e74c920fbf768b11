"""Servers with all that they may say, on an API server that refuses unknown fields."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stacks.charts import Profile
from stacks.config import parse
from stacks.plan import plan
from tests.e2e import program
from tests.e2e.engine import Engine
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, inventory
from tests.stacks.stack import FULL, HTTP, REMOTE, STDIO, TOOLHIVE, TOOLHIVE_REMOTE

pytestmark = pytest.mark.slow

SERVERS: list[dict[str, Any]] = [
    {**HTTP, **FULL},
    {**STDIO, **FULL},
    {**TOOLHIVE, **FULL, "permissionProfile": "network"},
    {**REMOTE, "ca": {"configMap": "ca"}, "ingress": FULL["ingress"], "headers": {"A": "b"}},
    {**HTTP, "name": "guarded", "auth": {"token": {"name": "clients", "key": "token"}}},
    {**TOOLHIVE_REMOTE, "name": "far", "headers": {"A": {"name": "a", "key": "b"}, "C": "d"}},
]


def test_the_api_server_takes_every_object_as_it_is_planned(
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    overrides = {
        "chartSource": str(charts[Profile.CURRENT]),
        "servers": SERVERS,
        "networkPolicies": ["agents"],
    }
    password = secrets.token_hex(16)
    project = program.project("direct-scrape", overrides, {program.PASSWORD: password})
    planned = plan(parse(program.keys(project) | {"grafanaAdminPassword": password}))
    stack = new_engine().create_stack(project, program.run)
    stack.up()
    there = {(each.kind, each.namespace, each.name) for each in inventory(client)}
    wanted = {
        (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"])
        for each in planned.objects
    }
    assert wanted <= there
    kinds = {kind for kind, _, _ in wanted}
    assert {"Ingress", "MCPRemoteProxy", "MCPServer", "NetworkPolicy"} <= kinds
    outputs = stack.outputs()["servers"].value
    assert outputs["search"]["externalUrl"] == "https://search.example.org/rpc"
    assert stack.up() == frozenset()
    stack.destroy()
