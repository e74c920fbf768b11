"""Our program as a user runs it: the repository's project and stack files, with overrides."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from typing import Any

import yaml

from tests.e2e.engine import ROOT, Project

PREFIX = "mcp-observability"
PASSWORD = f"{PREFIX}:grafanaAdminPassword"

SERVER_KEYS = tuple(f"{PREFIX}:servers[{index}].env.API_KEY" for index in range(3))
"""Paths of a secret for each of the servers."""

SERVERS: list[dict[str, Any]] = [
    {
        "name": "fetch",
        "runtime": "toolhive",
        "image": "example.com/fetch:1.0",
        "transport": "streamable-http",
        "port": 8000,
    },
    {
        "name": "web",
        "runtime": "proxy",
        "image": "example.com/web:1.0",
        "transport": "streamable-http",
        "port": 9000,
        "env": {"GREETING": "hello"},
    },
    {
        "name": "echo",
        "runtime": "proxy",
        "image": "example.com/echo:1.0",
        "transport": "stdio",
        "command": ["python", "-m", "echo"],
    },
]
"""One server of each kind that the program distinguishes."""


def run() -> None:
    """What `pulumi up` runs."""
    runpy.run_path(str(ROOT / "__main__.py"))


def project(architecture: str, overrides: Mapping[str, Any], secrets: Mapping[str, str]) -> Project:
    """The stack of an architecture as it is in the repository, with some keys overridden.

    Keys without a namespace are those of the project.
    """
    stack_file = ROOT / "stacks" / f"Pulumi.{architecture}.yaml"
    configuration = yaml.safe_load(stack_file.read_text())["config"]
    return Project(
        settings=yaml.safe_load((ROOT / "Pulumi.yaml").read_text()),
        stack_name=architecture,
        configuration=configuration | {_qualified(key): each for key, each in overrides.items()},
        secrets=secrets,
    )


def keys(project: Project) -> dict[str, Any]:
    """The project's keys of a configuration as the program's own checks take them: unprefixed."""
    prefix = f"{PREFIX}:"
    return {
        key.removeprefix(prefix): each
        for key, each in project.configuration.items()
        if key.startswith(prefix)
    }


def _qualified(key: str) -> str:
    return key if ":" in key else f"{PREFIX}:{key}"
