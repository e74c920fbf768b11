"""What Grafana 12 stores has no nulls but in thresholds."""

from dashboards.grafana import Stat, Step, without_nulls


def test_a_threshold_has_a_null_base_and_numbers_above() -> None:
    panel = Stat(title="x", steps=(Step("green"), Step("red", 0.5))).to_json_data()

    assert panel["fieldConfig"]["defaults"]["thresholds"] == {
        "mode": "absolute",
        "steps": [{"color": "green", "value": None}, {"color": "red", "value": 0.5}],
    }


def test_nulls_are_dropped_everywhere_but_in_a_threshold() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 1}]}) == {"b": [{"d": 1}]}
    assert without_nulls([{"color": "red", "value": None}]) == [{"color": "red", "value": None}]
