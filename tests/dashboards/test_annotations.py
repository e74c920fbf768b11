"""Annotations mark moments, not states."""

import pytest

from dashboards.annotations import FIRING
from dashboards.queries import concrete
from tests.dashboards.promtool import Promtool


@pytest.mark.slow
@pytest.mark.parametrize(("time", "marked"), [("4m", False), ("6m", True), ("15m", False)])
def test_an_alert_is_marked_when_it_begins_to_fire_and_not_as_long_as_it_does(
    promtool: Promtool, time: str, marked: bool
) -> None:
    alert = 'ALERTS{alertname="MCPServerDown",alertstate="firing"}'
    expr = concrete(str(FIRING.expr), window="4m")

    expected = {expr: {alert: 1.0}} if marked else {expr: {}}

    assert promtool.values({alert: "_x5 1x15"}, time, expected) == ""
