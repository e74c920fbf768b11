"""Queries carry current keys only."""

from dashboards.grafana import PromTarget, TimeSeries


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
