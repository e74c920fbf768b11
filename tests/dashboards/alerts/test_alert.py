"""Every alert has cases that fire and cases that do not, at its bound and at low traffic too."""

from dashboards import ALERTS
from tests.dashboards.alerts import (
    test_availability,
    test_burn,
    test_changes,
    test_collector,
    test_context,
    test_errors,
    test_latency,
    test_pipeline,
    test_saturation,
    test_sessions,
    test_usage,
)
from tests.dashboards.alerts.cases import BY_NAME, Fires, Quiet

GROUPS = (
    *(test_availability, test_burn, test_changes, test_collector, test_context, test_errors),
    *(test_latency, test_pipeline, test_saturation, test_sessions, test_usage),
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


def test_an_alert_links_to_its_section_of_the_runbook_and_its_board() -> None:
    alert = BY_NAME["MCPToolFailing"]

    assert alert.runbook_url == "dashboards/RUNBOOK.md#mcptoolfailing"
    assert alert.dashboard_url == (
        "/d/mcp-server?var-namespace={{ $labels.namespace | urlquery }}"
        "&var-server={{ $labels.server | urlquery }}"
    )
    assert BY_NAME["MCPTelemetryAbsent"].dashboard_url == "/d/mcp-pipeline"
