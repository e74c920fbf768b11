"""Configurations that tests share: every architecture with every profile, and some servers."""

import json
from functools import cache
from typing import Any

import pytest

from stacks.architectures import ARCHITECTURES
from stacks.charts import Profile
from stacks.config import PASSWORD, ConfigError, parse
from stacks.plan import Plan, plan

STACKS = [(name, profile.value) for name in ARCHITECTURES for profile in Profile]
"""Every architecture with every profile, for parametrize."""

TOOLHIVE = {
    "name": "fetch",
    "runtime": "toolhive",
    "image": "registry.example/fetch:1.0.0",
    "transport": "streamable-http",
    "port": 9000,
    "args": ["--quiet"],
    "env": {"LEVEL": "2"},
}
TOOLHIVE_STDIO = {
    "name": "time",
    "runtime": "toolhive",
    "image": "registry.example/time:1.0.0",
    "transport": "stdio",
}
HTTP = {
    "name": "search",
    "runtime": "proxy",
    "image": "registry.example/search:1.0.0",
    "transport": "streamable-http",
    "port": 9000,
    "path": "/rpc",
    "args": ["--verbose"],
    "env": {"LEVEL": "3"},
}
STDIO = {
    "name": "echo",
    "runtime": "proxy",
    "image": "registry.example/echo:1.0.0",
    "transport": "stdio",
    "command": ["python", "-m", "echo"],
}
SERVERS = [TOOLHIVE, TOOLHIVE_STDIO, HTTP, STDIO]
REMOTE = {"name": "remote", "runtime": "proxy", "url": "https://mcp.example.org/v1/mcp"}
TOOLHIVE_REMOTE = {**REMOTE, "runtime": "toolhive"}
FULL: dict[str, Any] = {
    "env": {"TOKEN": {"valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}, "LEVEL": "1"},
    "secrets": {"GITHUB_TOKEN": {"name": "github-token", "key": "token"}},
    "volumes": [
        {"name": "data", "mountPath": "/data", "persistentVolumeClaim": {"claimName": "pvc"}},
        {"name": "cache", "emptyDir": {}},
    ],
    "resources": {"requests": {"memory": "1Gi"}, "limits": {"cpu": 2}},
    "replicas": 2,
    "serviceAccount": "kubernetes-mcp",
    "imagePullSecrets": ["regcred", {"name": "other"}],
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "spot", "operator": "Exists"}],
    "podTemplateSpec": {
        "metadata": {"labels": {"team": "blue"}},
        "spec": {
            "priorityClassName": "low",
            "containers": [{"name": "mcp", "env": [{"name": "LEVEL", "value": "2"}]}],
        },
    },
    "securityContext": {"runAsUser": 1000, "fsGroup": 2000, "writablePaths": ["/app/cache"]},
    "ingress": {
        "host": "search.example.org",
        "class": "nginx",
        "tlsSecret": "search-tls",
        "annotations": {"a/b": "c"},
    },
}
"""What a server may say beside what it must."""
GOOD_PASSWORD = "correct horse battery staple"


def plan_of(architecture: str = "otel-scrape", profile: str = "current", **more: object) -> Plan:
    """The plan of one stack with servers of both runtimes, unless others are given; read only."""
    given = {"servers": SERVERS, **more}
    named = {"architecture": architecture, "profile": profile, PASSWORD: GOOD_PASSWORD}
    return _plan(json.dumps({**named, **given}))


@cache
def _plan(config: str) -> Plan:
    return plan(parse(json.loads(config)))


def plan_with_secrets(**given: Any) -> Plan:
    """The plan of a configuration with secret values, which cannot be cached as JSON."""
    return plan(parse({PASSWORD: GOOD_PASSWORD, **given}))


def mistakes(**given: object) -> list[str]:
    """The lines about a configuration that is refused, without the project's name."""
    with pytest.raises(ConfigError) as caught:
        parse({PASSWORD: GOOD_PASSWORD, **given})
    return [line.removeprefix("mcp-observability:") for line in caught.value.lines]


def objects(planned: Plan, kind: str) -> dict[str, dict[str, Any]]:
    """The planned objects of one kind, by name."""
    return {each["metadata"]["name"]: each for each in planned.objects if each["kind"] == kind}


def container(planned: Plan, server: str, name: str = "proxy") -> dict[str, Any]:
    """One container of one server's pod."""
    pod = objects(planned, "Deployment")[server]["spec"]["template"]["spec"]
    found: dict[str, Any] = next(each for each in pod["containers"] if each["name"] == name)
    return found


def release_values(planned: Plan, name: str) -> dict[str, Any]:
    """The values of one release."""
    return next(each.values for each in planned.releases if each.name == name)
