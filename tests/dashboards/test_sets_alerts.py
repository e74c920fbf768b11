"""The alerts of ToolHive's set do on its series what those of the contract do on the contract's.

The same histories are played, their series called and labelled as ToolHive's are on each road.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial

import pytest

from dashboards.dialects import toolhive
from dashboards.rules import document
from dashboards.sets import Set, translated
from dashboards.thresholds import DEFAULTS, Thresholds
from tests.dashboards.alert_cases.case import Fires, Quiet
from tests.dashboards.promtool import Firing, History, Labels, Promtool
from tests.dashboards.test_alerts import FIRES, QUIET
from tests.dashboards.test_alerts_idle import STACK, TIMES, once_called

pytestmark = pytest.mark.slow

SCRAPED, PUSHED = "direct-scrape", "otel-scrape"
"""One road whose series have a namespace, and one where job stands for it."""
ROADS = (SCRAPED, PUSHED)

NEWEST = "0.44.0"
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


@cache
def rules_of(road: str, thresholds: Thresholds) -> dict[str, object]:
    return document(translated(toolhive.dialect(NEWEST, road), thresholds))


@cache
def made(road: str) -> Set:
    return translated(toolhive.dialect(NEWEST, road), DEFAULTS)


def kept(road: str) -> Mapping[str, str]:
    """The alerts of the set by their names in the contract."""
    return {each.contract: each.name for group in made(road).alerts.values() for each in group}


def spelled(series: str, alert: str, road: str) -> str:
    """The series as ToolHive's is called and labelled on this road."""
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
    if road == PUSHED and name.startswith("toolhive"):
        return name.replace('namespace="', 'job="')
    return name


def heard(case: Fires | Quiet, road: str) -> History | None:
    """The case's history as ToolHive tells it; None if it is one of series that ToolHive lacks."""
    told = {spelled(each, case.name, road): values for each, values in case.history.items()}
    return None if any(OURS_ONLY.match(each) for each in told) else told


def labelled(labels: Labels, road: str) -> Labels:
    if road == SCRAPED:
        return labels
    return {("job" if key == "namespace" else key): value for key, value in labels.items()}


def firing(case: Fires, road: str) -> Firing:
    here = case.firing
    name = kept(road)[case.name]
    return Firing(
        labelled(here.labels, road),
        {
            **here.annotations,
            "dashboard_url": here.annotations["dashboard_url"].replace("/mcp-", "/mcp-toolhive-"),
            "runbook_url": f"runbook/toolhive.md#{name.lower()}",
        },
    )


def played(case: Fires | Quiet, road: str) -> bool:
    """Once is enough: where the labels change, if the alert is there."""
    there = [each for each in (PUSHED, SCRAPED) if case.name in kept(each)]
    return there[:1] == [road] and heard(case, road) is not None


FIRED = [(road, case) for road in ROADS for case in FIRES if played(case, road)]
STILL = [(road, case) for road in ROADS for case in QUIET if played(case, road)]


def playing(promtool: Promtool, road: str) -> Promtool:
    return replace(promtool, rules=partial(rules_of, road))


@pytest.mark.parametrize(("road", "case"), FIRED, ids=lambda each: getattr(each, "name", each))
def test_an_alert_fires_on_toolhives_series(road: str, case: Fires, promtool: Promtool) -> None:
    retold = replace(case, history=heard(case, road) or {})
    expected = {case.pending: [], case.at: [firing(case, road)]}

    assert playing(promtool, road).alerts(retold, kept(road)[case.name], expected) == ""


@pytest.mark.parametrize(("road", "case"), STILL, ids=lambda each: getattr(each, "because", each))
def test_an_alert_keeps_quiet_on_toolhives_series(
    road: str, case: Quiet, promtool: Promtool
) -> None:
    retold = replace(case, history=heard(case, road) or {})
    expected: dict[str, list[Firing]] = {time: [] for time in case.at}

    assert playing(promtool, road).alerts(retold, kept(road)[case.name], expected) == ""


def test_every_alert_is_shown_to_fire_and_to_keep_quiet() -> None:
    every = {name for road in ROADS for name in kept(road)}

    assert {case.name for _, case in FIRED} == every
    assert {case.name for _, case in STILL} == every


@pytest.mark.parametrize("road", ROADS)
def test_nothing_fires_where_the_first_call_of_all_was_made(road: str, promtool: Promtool) -> None:
    history = {spelled(each, "", road): values for each, values in (STACK | once_called()).items()}

    assert playing(promtool, road).firing(history, TIMES) == ""
