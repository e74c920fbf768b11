"""ToolHive's alerts fire on ToolHive's series as the default ones do on the contract's.

The same histories are replayed, with the names and labels that the series of an old and a new
ToolHive have on each ingestion path.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pytest

from dashboards.alerts import Alert
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.rules import document
from dashboards.thresholds import DEFAULTS, Thresholds
from dashboards.variants import toolhive
from tests.dashboards.alerts.cases import Fires, Quiet, replay
from tests.dashboards.alerts.test_alert import FIRES, QUIET
from tests.dashboards.alerts.test_idle import STACK, TIMES, once_called
from tests.dashboards.promtool import Firing, History, Labels, Promtool, Replay
from tests.toolhive.emitted import VERSIONS

pytestmark = pytest.mark.slow

UP = re.compile(r"mcp_proxy_upstream_up(?=\{)")
OPERATIONS = "mcp_server_operation_duration_seconds_bucket"
ONLY_OURS = re.compile(r"mcp_(proxy|server)_")
PROCESS = re.compile(r"process_\w+\{.*server=")
TARGET = re.compile(r'up\{job="ns/')
INSTEAD_OF_UP = {
    "MCPTelemetryAbsent": "toolhive_mcp_requests_total",
    "MCPTelemetryStale": "toolhive_mcp_requests_total",
    "MCPScrapeFailing": "toolhive_mcp_requests_total",
    "MCPSeriesDoubled": "toolhive_mcp_active_connections",
    "MCPPodNearMemoryLimit": "toolhive_mcp_requests_total",
}
"""The series that shows ToolHive's proxy to be there, where ours has one of its own for that."""

NAMESPACES = {
    "direct-scrape": "namespace",
    "static-scrape": "job",
    "otel-scrape": "job",
    "otel-scrape-exported": "exported_job",
    "otel-remote-write": "job",
}
"""The label that stands for the contract's `namespace`."""

Case = Fires | Quiet


@dataclass(frozen=True, slots=True)
class Layout:
    """The names and labels of a ToolHive's series on an ingestion path."""

    version: str
    ingestion: str

    def __str__(self) -> str:
        return f"{self.version} {self.ingestion}"

    @property
    def namespace(self) -> str:
        return NAMESPACES[self.ingestion]

    def bundle(self, thresholds: Thresholds = DEFAULTS) -> MonitoringBundle:
        return monitoring_bundle(toolhive.variant(self.version, self.ingestion), thresholds)

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """By their names in the default variant."""
        return {each.default_name: each for each in self.bundle().every_alert}

    def labelled(self, labels: Labels) -> Labels:
        return {self.namespace if k == "namespace" else k: v for k, v in labels.items()}

    def series(self, series: str, alert: str) -> str:
        """A series of a case as ToolHive's is called and labelled."""
        name = UP.sub(INSTEAD_OF_UP.get(alert, "mcp_proxy_upstream_up"), series)
        name = re.sub(r"^mcp:", "toolhive:", name).replace(";mcp-", ";toolhive-")
        if name.startswith(OPERATIONS):
            name = name.replace(OPERATIONS, "toolhive_mcp_request_duration_seconds_bucket")
            name = name.replace("gen_ai_tool_name=", 'mcp_method="tools/call",mcp_resource_id=')
        if PROCESS.match(name) or TARGET.match(name):
            found = re.search('pod="(.)"', name)
            name = re.sub('server="echo"|,?pod="."|}$', "", name).rstrip(",")
            return f'{name},container="toolhive",pod="echo-5d-{found[1] if found else "a"}"}}'
        if alert == "MCPSeriesDoubled" and "transport=" not in name:
            name = name.replace("}", ',transport="stdio"}')
        if name.startswith("toolhive_") and self.ingestion == "otel-scrape-exported":
            return name.replace('namespace="', 'job="otel-collector",exported_job="')
        if name.startswith("toolhive"):
            return name.replace('namespace="', f'{self.namespace}="')
        return name

    def history(self, case: Case) -> History | None:
        """The case's history in ToolHive's series; None if ToolHive lacks some of them."""
        history = {self.series(each, case.name): v for each, v in case.history.items()}
        if any(ONLY_OURS.match(each) for each in history):
            return None
        beside = case.beside if isinstance(case, Fires) else {}
        more = {self.series(each, case.name): values for each, values in beside.items()}
        return history | {each: v for each, v in more.items() if not ONLY_OURS.match(each)}

    def cases(self) -> Iterator[tuple[Case, History]]:
        """The cases of the alerts that there are, if ToolHive has the series of their histories."""
        every: tuple[Case, ...] = (*FIRES, *QUIET)
        for case in every:
            if case.name in self.alerts and (history := self.history(case)) is not None:
                yield case, history

    def firing(self, case: Fires) -> Firing:
        return case.firing(self.alerts[case.name], self.labelled(case.labels))


LAYOUTS = [Layout(version, path) for version in VERSIONS for path in toolhive.INGESTION_PATHS]


@cache
def rules_of(layout: Layout, thresholds: Thresholds) -> dict[str, object]:
    return document(layout.bundle(thresholds))


def replays(layout: Layout, promtool: Promtool) -> Iterator[Replay]:
    """Every case, and an installation that was called once, where nothing fires."""
    playing = replace(promtool, rules=lambda thresholds: rules_of(layout, thresholds))
    for case, history in layout.cases():
        alert = layout.alerts[case.name]
        labels = layout.labelled(case.labels) if isinstance(case, Fires) else {}
        yield replay(case, alert, playing, history, labels)
    idle = STACK | once_called()
    yield playing.silence({layout.series(each, ""): v for each, v in idle.items()}, TIMES)


@pytest.fixture(scope="module")
def passed() -> set[Replay]:
    """Replays that passed: layouts have many in common, which run once."""
    return set()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_alerts_fire_and_stay_quiet_on_toolhives_series(
    layout: Layout, promtool: Promtool, passed: set[Replay]
) -> None:
    new = [each for each in replays(layout, promtool) if each not in passed]

    assert promtool.replays(new) == ""
    passed.update(new)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_alert_has_a_case_that_fires_and_one_that_does_not(layout: Layout) -> None:
    cases = [case for case, _ in layout.cases()]

    assert {case.name for case in cases if isinstance(case, Fires)} == layout.alerts.keys()
    assert {case.name for case in cases if isinstance(case, Quiet)} == layout.alerts.keys()
