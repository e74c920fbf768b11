"""Limits of panels follow thresholds, and say why they are where they are."""

import pytest

from dashboards import ALERTS, limits
from dashboards.limits import Limit
from dashboards.thresholds import DEFAULTS, parse

LIMITS = {name: each for name, each in vars(limits).items() if isinstance(each, Limit)}


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_a_limit_is_the_threshold_of_its_alert_with_a_warning_before_it(limit: Limit) -> None:
    alert = next((each for each in ALERTS if each.name == limit.alert), None)

    assert limit.warning is None or limit.warning < limit.critical
    assert bool(alert) is bool(limit.alert)
    if limit.threshold_key:
        assert alert
        assert limit.threshold_key in alert.threshold_keys
        assert limit.critical == getattr(DEFAULTS, limit.threshold_key)


def test_a_limit_of_a_panel_follows_its_threshold_and_keeps_the_distance() -> None:
    mine = limits.ERRORS.with_thresholds(parse({"error_ratio": 0.1}))

    assert (mine.warning, mine.critical) == (0.02, 0.1)
    assert mine.reason.startswith("MCPErrorRatioHigh fires above 10 %;")
    assert limits.FIRING.with_thresholds(parse({"error_ratio": 0.1})) is limits.FIRING


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (limits.LATENCY_SECONDS, "MCPLatencyHigh fires above 2 s; a chain of calls"),
        (limits.MEMORY_BYTES, "MCPProxyMemoryHigh fires above 512 MiB; a busy"),
        (limits.ERRORS.with_reason("At {percent}."), "At 5 %."),
    ],
)
def test_the_reason_names_the_alert_and_the_value(limit: Limit, text: str) -> None:
    assert limit.reason.startswith(text)


def test_a_line_is_drawn_at_a_limit_unless_any_value_is_too_much() -> None:
    assert limits.ERRORS.show_line
    assert limits.BUDGET_LEFT.show_line
    assert not limits.LOST.show_line
