"""Each alert fires on what it is for, with its text, and keeps quiet just below and at low traffic.

The histories are played to the rendered rules by promtool, minute by minute.
"""

from dataclasses import replace

import pytest

from dashboards.alerts import ALERTS
from tests.contract.test_runbook import QUERIES
from tests.dashboards.alert_cases import (
    availability,
    errors,
    latency,
    pipeline,
    saturation,
    usage,
)
from tests.dashboards.alert_cases.case import Fires, Quiet
from tests.dashboards.promtool import Firing, History, Labels, Promtool

GROUPS = (availability, errors, latency, saturation, pipeline, usage)
FIRES: tuple[Fires, ...] = tuple(case for group in GROUPS for case in group.FIRES)
QUIET: tuple[Quiet, ...] = tuple(case for group in GROUPS for case in group.QUIET)


NAMED_BY = ("namespace", "server", "job", "exported_job", "exporter", "receiver", "family")
"""Labels by which the answer to a runbook's query names what the alert is about."""


def confirmed(query: str, name: str, labels: Labels) -> str:
    """What a runbook's query tells of that for which the alert of that name fires."""
    shared = ", ".join(each for each in labels if each in NAMED_BY)
    return f'({query}) and on ({shared}) ALERTS{{alertname="{name}", alertstate="firing"}}'


@pytest.mark.slow
@pytest.mark.parametrize("case", FIRES, ids=lambda case: case.name)
def test_an_alert_fires_after_its_hold_with_its_labels_and_text(
    case: Fires, promtool: Promtool
) -> None:
    """And while it fires, the query that the runbook confirms it by has data."""
    expected = {case.pending: [], case.at: [case.firing]}
    told = replace(case, history=case.history | case.beside)
    answered = {case.at: confirmed(QUERIES[case.name], case.name, case.labels)}

    replay = promtool.replay(told, case.name, expected, answered)

    assert promtool.replays([replay]) == ""


@pytest.mark.slow
def test_a_query_about_losses_tells_each_of_two_that_come_together(promtool: Promtool) -> None:
    """Of refused or not sent, 30 a minute; of failed or not queued, 12."""
    ways = (("receiver", "refused", "failed"), ("exporter", "send_failed", "enqueue_failed"))
    history: History = {}
    expected: dict[str, dict[str, float]] = {}
    for what, named in (("spans", "Spans"), ("metric_points", "MetricPoints")):
        for (label, one, other), alert in zip(ways, ("Refused", "Lost"), strict=True):
            history |= {
                f'otelcol_{label}_{one}_{what}{{{label}="otlp"}}': "0+30x20",
                f'otelcol_{label}_{other}_{what}{{{label}="otlp"}}': "0+12x20",
            }
            expected[QUERIES[f"MCP{named}{alert}"]] = {
                f'{{{label}="otlp",part="{one}"}}': 0.5,
                f'{{{label}="otlp",part="{other}"}}': 0.2,
            }

    assert promtool.values(history, "15m", expected) == ""


@pytest.mark.slow
@pytest.mark.parametrize("case", QUIET, ids=lambda case: f"{case.name}: {case.because}")
def test_an_alert_keeps_quiet(case: Quiet, promtool: Promtool) -> None:
    expected: dict[str, list[Firing]] = {time: [] for time in case.at}

    assert promtool.alerts(case, case.name, expected) == ""


def test_every_alert_is_shown_to_fire() -> None:
    assert {case.name for case in FIRES} == {alert.name for alert in ALERTS}


def test_every_alert_is_shown_to_keep_quiet() -> None:
    assert {case.name for case in QUIET} == {alert.name for alert in ALERTS}


def test_every_alert_that_judges_by_a_threshold_is_shown_to_keep_quiet_just_below() -> None:
    judging = {alert.name for alert in ALERTS if alert.threshold_keys}
    just_below = ("is the bound itself", "less than", "fewer than")
    shown = {case.name for case in QUIET if any(each in case.because for each in just_below)}

    assert judging - shown == set()


def test_every_alert_that_judges_a_share_is_shown_to_keep_quiet_at_low_traffic() -> None:
    floors = {"call_floor", "tool_call_floor", "burn_calls", "surge_floor"}
    judging = {alert.name for alert in ALERTS if floors & set(alert.threshold_keys)}

    assert judging - {case.name for case in QUIET if "too few" in case.because} == set()
