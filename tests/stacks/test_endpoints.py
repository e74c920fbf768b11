"""The addresses inside the cluster follow from profile and namespaces."""

import json
from dataclasses import asdict

import pytest

from stacks.charts import Profile
from stacks.endpoints import endpoints_of
from stacks.secret_values import revealed
from tests.stacks.stack import STACKS, plan_of


@pytest.mark.parametrize("profile", list(Profile))
def test_spans_go_where_the_profiles_jaeger_takes_them(profile: Profile) -> None:
    exporter = plan_of(profile=profile).collector["exporters"]["otlp/jaeger"]
    service = {"current": "jaeger", "tutorial": "jaeger-collector"}[profile]
    assert exporter["endpoint"] == f"{service}.monitoring.svc:4317"
    assert endpoints_of(profile).jaeger.otlp_grpc.address == exporter["endpoint"]


NAMES = {"monitoring": "observability", "toolhive": "toolhive-operator", "servers": "tools"}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_namespaces_are_those_of_the_configuration_everywhere(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile, namespaces=NAMES)
    assert planned.namespaces == tuple(NAMES.values())
    written = json.dumps([revealed(asdict(each)) for each in planned.releases])
    # Boards are the same for every stack.
    objects = [each for each in planned.objects if each["kind"] != "ConfigMap"]
    written += json.dumps(revealed([*objects, *planned.prerequisites, *planned.monitors]))
    written += json.dumps([planned.outputs, *(each.environment for each in planned.proxies)])
    for name in ("monitoring", "toolhive-system", "mcp-servers"):
        assert f'"{name}"' not in written
        assert f".{name}.svc" not in written
        assert f"={name}," not in written
