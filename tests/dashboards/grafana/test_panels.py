"""The layer over grafanalib writes what Grafana 12 stores: no legacy keys, no stray nulls."""

from grafanalib import core

from dashboards import grafana
from dashboards.grafana import PromTarget, Stat, Step, Table, TimeSeries, without_nulls

LEGACY = {"cacheTimeout", "editable", "error", "height", "hideTimeOverride", "minSpan", "span"}


def test_a_threshold_has_a_null_base_and_numbers_above() -> None:
    panel = Stat(title="x", steps=(Step("green"), Step("red", 0.5))).to_json_data()

    assert panel["fieldConfig"]["defaults"]["thresholds"] == {
        "mode": "absolute",
        "steps": [{"color": "green", "value": None}, {"color": "red", "value": 0.5}],
    }


def test_nulls_are_dropped_everywhere_but_in_a_threshold() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 1}]}) == {"b": [{"d": 1}]}
    assert without_nulls([{"color": "red", "value": None}]) == [{"color": "red", "value": None}]


def test_panels_carry_a_version_and_no_key_of_old_grafanas() -> None:
    for kind in (TimeSeries, Stat, Table):
        panel = kind(title="x").to_json_data()

        assert panel["pluginVersion"] == grafana.GRAFANA
        assert LEGACY & panel.keys() == set()
        assert "maxDataPoints" not in panel


def test_targets_get_letters_and_only_keys_of_today() -> None:
    panel = TimeSeries(title="x", targets=[PromTarget(expr="a"), PromTarget(expr="b")])

    targets = panel.to_json_data()["targets"]

    assert [target["refId"] for target in targets] == ["A", "B"]
    assert set(targets[0]) == {
        "datasource",
        "editorMode",
        "exemplar",
        "expr",
        "format",
        "instant",
        "interval",
        "legendFormat",
        "range",
        "refId",
    }


def test_an_instant_target_asks_for_no_range() -> None:
    target = PromTarget(expr="a", instant=True).to_json_data()

    assert (target["instant"], target["range"]) == (True, False)


def test_writing_a_panel_twice_gives_the_same_and_spoils_no_other() -> None:
    """grafanalib's own panels change dictionaries that they share."""
    overrides = [{"matcher": {"id": "byName", "options": "x"}, "properties": []}]
    panel = TimeSeries(title="x", overrides=overrides)

    assert panel.to_json_data() == panel.to_json_data()
    assert TimeSeries(title="y").to_json_data()["fieldConfig"]["overrides"] == []


def test_a_time_series_shows_its_legend() -> None:
    legend = TimeSeries(title="x").to_json_data()["options"]["legend"]

    assert legend["showLegend"] is True


def test_a_variable_starts_at_all_and_matches_any_value() -> None:
    variable = grafana.Var(name="server", query="label_values(up, server)").to_json_data()

    assert variable["current"] == {"selected": True, "text": ["All"], "value": ["$__all"]}
    assert (variable["allValue"], variable["multi"], variable["refresh"]) == (".+", True, 2)
    assert variable["query"]["query"] == variable["definition"] == "label_values(up, server)"


def test_the_data_source_variable_leaves_the_choice_to_grafana() -> None:
    variable = grafana.Choice(name="datasource", query="prometheus")

    assert "current" not in variable.to_json_data()


def test_a_dashboard_keeps_the_shared_crosshair_by_its_schema_version() -> None:
    """Below version 14 Grafana would take it from a key of 2016."""
    written = grafana.Dashboard(title="x", graphTooltip=1).to_json_data()

    assert (written["schemaVersion"], written["graphTooltip"]) == (41, 1)
    assert {"rows", "style", "gnetId", "sharedCrosshair", "__inputs"} & written.keys() == set()


def test_a_dashboard_says_which_panels_and_data_sources_it_requires() -> None:
    stat = Stat(title="x", dataSource={"type": "prometheus", "uid": "${datasource}"})
    panels = [stat, grafana.Row(title="r", gridPos=core.GridPos(1, 24, 0, 0))]

    required = grafana.Dashboard(title="x", panels=panels).to_json_data()["__requires"]

    assert [each["id"] for each in required] == ["grafana", "prometheus", "stat"]
