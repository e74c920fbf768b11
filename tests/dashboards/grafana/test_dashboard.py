"""A dashboard and its variables as Grafana 12 stores them."""

from grafanalib import core

from dashboards import grafana
from dashboards.grafana import Stat


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
