"""Every alert has cases that fire and cases that do not, at its bound and at low traffic too."""

import re

import pytest

from dashboards import ALERTS, BOARDS
from tests.dashboards.alerts import (
    test_availability,
    test_burn,
    test_errors,
    test_latency,
    test_pipeline,
    test_saturation,
    test_usage,
)
from tests.dashboards.alerts.cases import BY_NAME, Fires, Quiet
from tests.dashboards.promtool import History, Promtool

GROUPS = (
    *(test_availability, test_burn, test_errors, test_latency),
    *(test_pipeline, test_saturation, test_usage),
)
FIRES: tuple[Fires, ...] = tuple(case for group in GROUPS for case in group.FIRES)
QUIET: tuple[Quiet, ...] = tuple(case for group in GROUPS for case in group.QUIET)


def test_every_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    assert {case.name for case in FIRES} == set(BY_NAME)
    assert {case.name for case in QUIET} == set(BY_NAME)


def test_every_alert_with_a_threshold_is_quiet_just_below_it() -> None:
    with_threshold = {alert.name for alert in ALERTS if alert.threshold_keys}
    just_below = ("is the bound itself", "less than", "fewer than")
    shown = {case.name for case in QUIET if any(each in case.reason for each in just_below)}

    assert with_threshold - shown == set()


def test_every_alert_on_a_ratio_is_quiet_at_low_traffic() -> None:
    floors = {"call_floor", "tool_call_floor", "burn_calls", "surge_floor"}
    on_ratio = {alert.name for alert in ALERTS if floors & set(alert.threshold_keys)}

    assert on_ratio - {case.name for case in QUIET if "too few" in case.reason} == set()


def test_every_description_contains_the_value() -> None:
    assert [alert.name for alert in ALERTS if "$value" not in alert.description] == []


def test_every_alert_links_to_a_board_that_exists() -> None:
    uids = {re.split(r"[/?]", alert.dashboard_url)[2] for alert in ALERTS}

    assert uids <= {board.uid for board in BOARDS}


@pytest.mark.slow
def test_the_query_about_losses_shows_both_kinds(promtool: Promtool) -> None:
    """Of refused or not sent, 30 a minute; of failed or not queued, 12."""
    kinds = (("receiver", "refused", "failed"), ("exporter", "send_failed", "enqueue_failed"))
    history: History = {}
    expected: dict[str, dict[str, float]] = {}
    for what, named in (("spans", "Spans"), ("metric_points", "MetricPoints")):
        for (label, one, other), alert in zip(kinds, ("Refused", "Lost"), strict=True):
            history |= {
                f'otelcol_{label}_{one}_{what}{{{label}="otlp"}}': "0+30x20",
                f'otelcol_{label}_{other}_{what}{{{label}="otlp"}}': "0+12x20",
            }
            expected[str(BY_NAME[f"MCP{named}{alert}"].runbook.confirm)] = {
                f'{{{label}="otlp",part="{one}"}}': 0.5,
                f'{{{label}="otlp",part="{other}"}}': 0.2,
            }

    assert promtool.values(history, "15m", expected) == ""
