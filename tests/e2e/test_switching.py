"""A change of the configuration updates what it is about: an architecture, or a password."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.charts import Profile
from tests.e2e import program
from tests.e2e.engine import Engine, Step
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, inventory

pytestmark = pytest.mark.slow

_RELEASE = "kubernetes:helm.sh/v3:Release"
_MONITOR = "kubernetes:monitoring.coreos.com/v1:ServiceMonitor"
_TELEMETRY = "kubernetes:toolhive.stacklok.dev/v1beta1:MCPTelemetryConfig"

_NAME = "mcp-observability"

_COLLECTOR = Step("update", _RELEASE, f"{_NAME}-otel-collector")
_PASSWORD = Step("update", "kubernetes:core/v1:Secret", f"{_NAME}-secret-grafana-admin")
_PROMETHEUS = Step("update", _RELEASE, f"{_NAME}-kube-prometheus-stack")
_PROXIES = frozenset(
    {
        Step("update", "kubernetes:apps/v1:Deployment", f"{_NAME}-deployment-echo"),
        Step("update", "kubernetes:apps/v1:Deployment", f"{_NAME}-deployment-web"),
        Step("update", _TELEMETRY, f"{_NAME}-mcptelemetryconfig-mcp-observability-streamable-http"),
    }
)
_SERIES_MONITOR = f"{_NAME}-servicemonitor-otel-collector-series"
_PROXY_MONITORS = tuple(
    f"{_NAME}-servicemonitor-{each}" for each in ("mcp-proxies", "toolhive-proxies")
)

# Remote write is a setting of Prometheus, pushing one of the proxies, and every scraped target has
# a ServiceMonitor; the collector's pipelines differ every time.
SWITCHES: dict[tuple[str, str], frozenset[Step]] = {
    ("otel-scrape", "otel-remote-write"): frozenset(
        {_COLLECTOR, _PROMETHEUS, Step("delete", _MONITOR, _SERIES_MONITOR)}
    ),
    ("otel-remote-write", "direct-scrape"): frozenset(
        {_COLLECTOR, _PROMETHEUS, *(Step("create", _MONITOR, name) for name in _PROXY_MONITORS)}
    )
    | _PROXIES,
    ("direct-scrape", "hybrid"): frozenset({_COLLECTOR, Step("create", _MONITOR, _SERIES_MONITOR)}),
    ("hybrid", "otel-scrape"): frozenset(
        {_COLLECTOR, *(Step("delete", _MONITOR, name) for name in _PROXY_MONITORS)}
    )
    | _PROXIES,
}


def test_a_new_architecture_and_a_new_password_change_only_what_differs(
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    overrides = {"chartSource": str(charts[Profile.CURRENT]), "servers": program.SERVERS}
    first = next(iter(SWITCHES))[0]
    project = program.project(first, overrides, {program.PASSWORD: secrets.token_hex(16)})
    stack = new_engine().create_stack(project, program.run)
    stack.up()
    at_first = _without_revisions(inventory(client))
    for (_, architecture), expected in SWITCHES.items():
        stack.configure(f"{program.PREFIX}:architecture", architecture)
        assert stack.up() == expected
    assert _without_revisions(inventory(client)) == at_first
    stack.configure(program.PASSWORD, secrets.token_hex(16), secret=True)
    assert stack.up() == {_PASSWORD, _PROMETHEUS}
    assert stack.preview() == frozenset()


def _without_revisions(entries: frozenset[Entry]) -> frozenset[Entry]:
    """Leave out Helm's record of each revision of a release."""
    return frozenset(each for each in entries if not each.name.startswith("sh.helm.release.v1."))
