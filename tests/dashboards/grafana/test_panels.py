"""The layer over grafanalib writes what Grafana 12 stores: no legacy keys, no stray nulls."""

from dashboards import grafana
from dashboards.grafana import Stat, Table, TimeSeries

LEGACY = {"cacheTimeout", "editable", "error", "height", "hideTimeOverride", "minSpan", "span"}


def test_panels_carry_a_version_and_no_key_of_old_grafanas() -> None:
    for kind in (TimeSeries, Stat, Table):
        panel = kind(title="x").to_json_data()

        assert panel["pluginVersion"] == grafana.GRAFANA
        assert LEGACY & panel.keys() == set()
        assert "maxDataPoints" not in panel


def test_writing_a_panel_twice_gives_the_same_and_spoils_no_other() -> None:
    """grafanalib's own panels change dictionaries that they share."""
    overrides = [{"matcher": {"id": "byName", "options": "x"}, "properties": []}]
    panel = TimeSeries(title="x", overrides=overrides)

    assert panel.to_json_data() == panel.to_json_data()
    assert TimeSeries(title="y").to_json_data()["fieldConfig"]["overrides"] == []


def test_a_time_series_shows_its_legend() -> None:
    legend = TimeSeries(title="x").to_json_data()["options"]["legend"]

    assert legend["showLegend"] is True
