"""The alerts of ToolHive's set do on its series what those of the contract do on the contract's.

The same histories are played, their series called and labelled as those of an old and a new
ToolHive are on each road.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pytest

from dashboards.bundles import MonitoringBundle, translated
from dashboards.rules import document
from dashboards.runbook import SOURCE, runbook
from dashboards.thresholds import DEFAULTS, Thresholds
from dashboards.variants import toolhive
from dashboards.variants.label_schema import LabelSchema
from tests.contract.test_runbook import confirming
from tests.dashboards.alert_cases.case import Fires, Quiet
from tests.dashboards.promtool import Firing, History, Labels, Promtool, Replay
from tests.dashboards.test_alerts import FIRES, QUIET, confirmed
from tests.dashboards.test_alerts_idle import STACK, TIMES, once_called
from tests.toolhive.emitted import VERSIONS

pytestmark = pytest.mark.slow

UP = re.compile(r"mcp_proxy_upstream_up(?=\{)")
OPERATIONS = "mcp_server_operation_duration_seconds_bucket"
OURS_ONLY = re.compile(r"mcp_(proxy|server)_")
PROCESS = re.compile(r"process_\w+\{.*server=")
TARGET = re.compile(r'up\{job="ns/')
STANDS_FOR_UP = {
    "MCPTelemetryAbsent": "toolhive_mcp_requests_total",
    "MCPTelemetryStale": "toolhive_mcp_requests_total",
    "MCPScrapeFailing": "toolhive_mcp_requests_total",
    "MCPSeriesDoubled": "toolhive_mcp_active_connections",
}
"""By what ToolHive's proxy is seen to be there, where ours has a series of its own for that."""


NAMESPACES = {
    "direct-scrape": "namespace",
    "static-scrape": "job",
    "otel-scrape": "job",
    "otel-scrape-exported": "exported_job",
    "otel-remote-write": "job",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the series of a ToolHive are called and labelled when they have come by a road."""

    version: str
    ingestion: str

    def __str__(self) -> str:
        return f"{self.version} {self.ingestion}"

    @property
    def dialect(self) -> LabelSchema:
        return toolhive.dialect(self.version, self.ingestion)

    @property
    def namespace(self) -> str:
        """The label that stands for the contract's."""
        return NAMESPACES[self.ingestion]

    def carried(self, series: str) -> str:
        """A series of ToolHive's with the labels that it has here."""
        if series.startswith("toolhive_") and self.ingestion == "otel-scrape-exported":
            return series.replace('namespace="', 'job="otel-collector",exported_job="')
        if series.startswith("toolhive"):
            return series.replace('namespace="', f'{self.namespace}="')
        return series


LAYOUTS = [
    Layout(version, ingestion) for version in VERSIONS for ingestion in toolhive.INGESTION_PATHS
]


@cache
def made(layout: Layout, thresholds: Thresholds = DEFAULTS) -> MonitoringBundle:
    return translated(layout.dialect, thresholds)


@cache
def rules_of(layout: Layout, thresholds: Thresholds) -> dict[str, object]:
    return document(made(layout, thresholds))


def kept(layout: Layout) -> Mapping[str, str]:
    """The alerts of the set by their names in the contract."""
    return {each.contract: each.name for group in made(layout).alerts.values() for each in group}


def spelled(series: str, alert: str, layout: Layout) -> str:
    """The series as ToolHive's is called and labelled here."""
    name = UP.sub(STANDS_FOR_UP.get(alert, "mcp_proxy_upstream_up"), series)
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
    return layout.carried(name)


def heard(case: Fires | Quiet, layout: Layout) -> History | None:
    """The case's history as ToolHive tells it; None if it is one of series that ToolHive lacks."""
    told = {spelled(each, case.name, layout): values for each, values in case.history.items()}
    if any(OURS_ONLY.match(each) for each in told):
        return None
    beside = case.beside if isinstance(case, Fires) else {}
    more = {spelled(each, case.name, layout): values for each, values in beside.items()}
    return told | {each: values for each, values in more.items() if not OURS_ONLY.match(each)}


def labelled(labels: Labels, layout: Layout) -> Labels:
    names = {"namespace": layout.namespace}
    return {names.get(key, key): value for key, value in labels.items()}


def firing(case: Fires, layout: Layout) -> Firing:
    here = case.firing
    name = kept(layout)[case.name]
    return Firing(
        labelled(here.labels, layout),
        {
            **here.annotations,
            "dashboard_url": here.annotations["dashboard_url"].replace("/mcp-", "/mcp-toolhive-"),
            "runbook_url": f"runbook/toolhive.md#{name.lower()}",
        },
    )


def expected(case: Fires | Quiet, layout: Layout) -> dict[str, list[Firing]]:
    if isinstance(case, Fires):
        return {case.pending: [], case.at: [firing(case, layout)]}
    return {time: [] for time in case.at}


def played(layout: Layout) -> Iterator[tuple[Fires | Quiet, History]]:
    """The cases of the alerts that are there, if ToolHive has the series of their histories."""
    every: tuple[Fires | Quiet, ...] = (*FIRES, *QUIET)
    for case in every:
        if case.name in kept(layout) and (history := heard(case, layout)) is not None:
            yield case, history


def replays(layout: Layout, promtool: Promtool) -> Iterator[Replay]:
    """Everything that is played here; where nobody ever called but once, nothing fires."""
    playing = replace(promtool, rules=lambda thresholds: rules_of(layout, thresholds))
    for case, history in played(layout):
        told, name = replace(case, history=history), kept(layout)[case.name]
        yield playing.replay(told, name, expected(case, layout), answered(case, layout))
    idle = STACK | once_called()
    yield playing.silence(
        {spelled(each, "", layout): values for each, values in idle.items()}, TIMES
    )


@cache
def queries(layout: Layout) -> dict[str, str]:
    """Those of the set's own runbook."""
    set_ = made(layout)
    assert set_.dialect
    return confirming(runbook(SOURCE.read_text(encoding="utf-8"), set_, set_.dialect))


def answered(case: Fires | Quiet, layout: Layout) -> dict[str, str]:
    """The runbook's query has data while the alert fires."""
    if isinstance(case, Quiet):
        return {}
    name = kept(layout)[case.name]
    return {case.at: confirmed(queries(layout)[name], name, labelled(case.labels, layout))}


@pytest.fixture(scope="module")
def shown() -> set[Replay]:
    """What came out as it must: layouts share much, which is played once."""
    return set()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_alerts_fire_and_keep_quiet_on_toolhives_series(
    layout: Layout, promtool: Promtool, shown: set[Replay]
) -> None:
    new = [each for each in replays(layout, promtool) if each not in shown]

    assert promtool.replays(new) == ""
    shown.update(new)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_alert_is_shown_to_fire_and_to_keep_quiet(layout: Layout) -> None:
    cases = [case for case, _ in played(layout)]

    assert {case.name for case in cases if isinstance(case, Fires)} == kept(layout).keys()
    assert {case.name for case in cases if isinstance(case, Quiet)} == kept(layout).keys()
