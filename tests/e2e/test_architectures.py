"""`pulumi up` of our program on a real API server, for each architecture and both profiles."""

from __future__ import annotations

import base64
import gzip
import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stacks.architectures import ARCHITECTURES
from stacks.charts import Component, Namespace, Profile
from stacks.config import parse
from stacks.plan import plan
from stacks.secret_values import sealed
from tests.e2e import program
from tests.e2e.charts import definitions
from tests.e2e.deployed import Deployed
from tests.e2e.engine import Engine, Project
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import inventory, objects, restored

pytestmark = pytest.mark.slow


ADDRESS = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc:(\d+)")
CASES = (*((name, Profile.CURRENT) for name in ARCHITECTURES), ("otel-scrape", Profile.TUTORIAL))


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(case))
def deployed(
    request: pytest.FixtureRequest,
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
) -> Iterator[Deployed]:
    """The stack file of an architecture, deployed into an empty cluster."""
    name, profile = request.param
    password, *keys = (secrets.token_hex(16) for _ in range(4))
    overrides = {
        "profile": profile.value,
        "chartSource": str(charts[profile]),
        "servers": program.SERVERS,
    }
    paths = dict(zip(program.SERVER_KEYS, keys, strict=True))
    project = program.project(name, overrides, {program.PASSWORD: password, **paths})
    planned = plan(parse(_configuration(project, password, keys)))
    engine = new_engine()
    with restored(client) as before:
        stack = engine.create_stack(project, program.run)
        steps = stack.up()
        assert {step.operation for step in steps} == {"create"}
        yield Deployed(planned, _kept(password, keys), engine, stack, client, before)


def _configuration(project: Project, password: str, keys: list[str]) -> dict[str, Any]:
    """What the program reads: a key with a secret in it is secret as a whole."""
    servers = [
        {**server, "env": {"API_KEY": key, **server.get("env", {})}}
        for server, key in zip(program.SERVERS, keys, strict=True)
    ]
    given = program.keys(project)
    return {**given, "grafanaAdminPassword": password, "servers": sealed(servers)}


def _kept(password: str, keys: list[str]) -> dict[tuple[str, str], str]:
    names = [(f"{server['name']}-env", "API_KEY") for server in program.SERVERS]
    return {("grafana-admin", "admin-password"): password, **dict(zip(names, keys, strict=True))}


def test_every_release_got_the_values_that_were_planned(deployed: Deployed) -> None:
    assert {each.component for each in deployed.plan.releases} == set(Component)
    for release in deployed.plan.releases:
        assert deployed.values(release.component) == release.values


def test_every_planned_object_is_in_the_cluster_as_planned(deployed: Deployed) -> None:
    kinds = {each["kind"] for each in deployed.plan.objects}
    assert {"ConfigMap", "Deployment", "MCPServer", "PrometheusRule", "Service"} <= kinds
    for wanted in deployed.plan.objects:
        metadata = wanted["metadata"]
        live = deployed.read(
            wanted["apiVersion"], wanted["kind"], metadata["namespace"], metadata["name"]
        )
        assert not list(_missing(live, wanted))


def test_every_address_in_the_wiring_is_a_port_of_a_service(deployed: Deployed) -> None:
    ports = {
        (each["metadata"]["name"], each["metadata"]["namespace"], str(port["port"]))
        for each in deployed.services()
        for port in each["spec"]["ports"]
    }
    named = {
        address
        for _, live in objects(deployed.client)
        for address in ADDRESS.findall(json.dumps(live))
    }
    assert named
    assert named <= ports


def test_every_monitor_selects_a_port_of_a_service(deployed: Deployed) -> None:
    for name, spec in deployed.monitors().items():
        # The operator makes the Services of ToolHive's proxies, and no operator runs here.
        if name != "toolhive-proxies":
            assert all(_is_served(deployed, spec, each["port"]) for each in spec["endpoints"])


def test_every_secret_value_is_in_its_secret_and_nowhere_else(deployed: Deployed) -> None:
    admin = deployed.values(Component.PROMETHEUS)["grafana"]["admin"]
    assert (admin["existingSecret"], admin["passwordKey"]) in deployed.secrets
    transcript = "\n".join(deployed.stack.transcript)
    for (secret, key), value in deployed.secrets.items():
        [data] = [
            live["data"]
            for entry, live in objects(deployed.client)
            if (entry.kind, entry.name) == ("Secret", secret)
        ]
        assert base64.b64decode(data[key]).decode() == value
        elsewhere = "\n".join(
            _readable(live)
            for entry, live in objects(deployed.client)
            if (entry.kind, entry.name) != ("Secret", secret)
        )
        for spelling in (value, data[key]):
            assert deployed.engine.files_with(spelling) == []
            assert spelling not in transcript
            assert spelling not in elsewhere


def test_the_outputs_say_what_was_chosen_and_nothing_secret(deployed: Deployed) -> None:
    outputs = deployed.stack.outputs()
    assert outputs["architecture"].value == deployed.plan.architecture.name
    assert outputs["profile"].value == deployed.plan.profile
    assert not any(each.secret for each in outputs.values())
    assert not any(each in repr(outputs) for each in deployed.secrets.values())


def test_a_second_up_changes_nothing(deployed: Deployed) -> None:
    assert deployed.stack.up() == frozenset()


def test_destroy_leaves_nothing_but_the_definitions(deployed: Deployed) -> None:
    """Last in this file: the stack is gone after it."""
    deployed.stack.destroy()
    kept = definitions.names(deployed.plan.profile)
    left = inventory(deployed.client) - deployed.before
    assert {(each.kind, each.name) for each in left} == {
        ("CustomResourceDefinition", name) for name in kept
    }


def _is_served(deployed: Deployed, monitor: dict[str, Any], port: str) -> bool:
    wanted = monitor["selector"]["matchLabels"].items()
    namespaces = monitor.get("namespaceSelector", {}).get("matchNames", [Namespace.MONITORING])
    return any(
        port == each["name"]
        for service in deployed.services()
        if service["metadata"]["namespace"] in namespaces
        and wanted <= service["metadata"].get("labels", {}).items()
        for each in service["spec"]["ports"]
    )


def _missing(live: Any, wanted: Any, at: str = "") -> Iterator[str]:
    """The places where `live` lacks something of `wanted`; it may hold more (defaults, status)."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        for key, value in wanted.items():
            yield from _missing(live.get(key), value, f"{at}.{key}")
    elif isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        for index, pair in enumerate(zip(live, wanted, strict=True)):
            yield from _missing(*pair, f"{at}[{index}]")
    elif live != wanted:
        yield f"{at}: {live!r}, not {wanted!r}"


def _readable(live: dict[str, Any]) -> str:
    """An object as text; Helm's records are unpacked (base64 of base64 of gzip of JSON)."""
    if live.get("type") != "helm.sh/release.v1":
        return json.dumps(live)
    packed = base64.b64decode(base64.b64decode(live["data"]["release"]))
    return gzip.decompress(packed).decode()
