"""Queries are filled in as Grafana does; answers become series with their legends."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lab.preview.errors import PreviewError
from lab.preview.events import Event, Exemplar
from lab.preview.model import parse
from lab.preview.queries import View, answers, choices, legend
from lab.prometheus_api import Prometheus, QueryRefused
from tests.lab.preview.made import SOURCE, TIME, board, board_text, panel_json
from tests.lab.preview.scripted_prometheus import prometheus
from tests.lab.scripted import answering


def target(expr: str, **more: Any) -> dict[str, Any]:
    return {"refId": "A", "expr": expr, "interval": "1m", "datasource": SOURCE} | more


def expr_for(written: str, **chosen: str) -> str:
    """What Prometheus is asked for a query of a panel."""
    drawn = board(panel_json("timeseries", targets=[target(written)]))
    with prometheus() as (there, asked):
        answers(there, None, drawn, View(TIME, chosen))
    path, parameters = asked[-1]
    assert path == "/api/v1/query_range"
    return parameters["query"][0]


def test_all_servers_are_chosen_by_the_variable_s_own_pattern() -> None:
    assert expr_for("up{server=~`${server:regex}`}") == "up{server=~`.+`}"


@pytest.mark.parametrize(
    ("server", "written"),
    [("b.c", r"b\.c"), ("a`}) or vector(1)#", r"a\x60\}\) or vector\(1\)#")],
)
def test_a_chosen_server_is_neither_a_pattern_nor_promql(server: str, written: str) -> None:
    written_here = expr_for("up{server=~`${server:regex}`}", server=server)
    assert written_here == f"up{{server=~`{written}`}}"


def test_time_variables_follow_the_window_and_the_min_step() -> None:
    filled = expr_for("a[$__rate_interval] + b[$__range] + c[$__interval] + $__range_s")
    assert filled == "a[240s] + b[300s] + c[60s] + 300"


def test_the_coarsest_min_step_of_a_panel_holds_for_all_its_queries() -> None:
    targets = [target("a", interval="5s"), target("b", refId="B")]
    with prometheus() as (there, asked):
        answers(there, None, board(panel_json("timeseries", targets=targets)), View(TIME, {}))
    assert [parameters["step"] for _, parameters in asked] == [["60"], ["60"]]


def test_a_dollar_before_a_number_belongs_to_promql() -> None:
    written = 'label_replace(up, "a", "$1", "b", "(.*)")'
    assert expr_for(written) == written


def test_an_unknown_variable_is_refused_with_its_panel() -> None:
    problem = 'board made, panel "A timeseries": variable \\$tenant has no value; known: .*server'
    with pytest.raises(PreviewError, match=problem):
        expr_for("up{$tenant}")


def test_a_variable_has_the_values_that_exist_and_where_one_must_be_chosen_the_first() -> None:
    every = board()
    one = replace(every, variables=tuple(replace(each, one=True) for each in every.variables))
    with prometheus() as (there, asked):
        found = [
            choices(there, shown, View(TIME, chosen))
            for shown, chosen in ((every, {}), (one, {}), (one, {"server": "b.c"}))
        ]
    assert [view.chosen for view, _ in found] == [{}, {"server": "a"}, {"server": "b.c"}]
    assert all(known == {"server": ("a", "b.c")} for _, known in found)
    assert {parameters["match[]"][0] for _, parameters in asked} == {"up"}


def test_range_and_instant_answers_become_series() -> None:
    instant = target("b", instant=True, refId="B", legendFormat="tool {{ tool }}")
    drawn = board(panel_json("timeseries", targets=[target("a"), instant]))
    with prometheus() as (there, asked):
        found = answers(there, None, drawn, View(TIME, {}))
    ranged, single = found[1].series
    assert (ranged.name, ranged.times, ranged.values[0]) == ('{server="a"}', (1.0, 2.0), 0.5)
    assert (single.letter, single.name, single.times) == ("B", "tool t", (TIME.end,))
    assert asked[-1][1]["time"] == [str(TIME.end)]


@pytest.mark.parametrize(
    ("form", "labels", "name"),
    [
        ("{{a}}/{{b}}", {"a": "x", "b": "y"}, "x/y"),
        ("{{missing}}", {"a": "x"}, ""),
        ("", {"b": "y", "a": "x"}, '{a="x", b="y"}'),
        ("__auto", {}, ""),
        ("p95", {}, "p95"),
    ],
)
def test_a_legend_is_made_of_labels(form: str, labels: dict[str, str], name: str) -> None:
    assert legend(form, labels) == name


def test_a_refused_query_is_reported_with_its_panel() -> None:
    drawn = board(panel_json("stat"))
    with (
        answering(400, {"error": "parse error"}) as url,
        pytest.raises(QueryRefused, match='board made, panel "A stat": .*parse error'),
    ):
        answers(Prometheus(url), None, drawn, View(TIME, {}))


def test_annotations_are_asked_once_and_mark_every_panel() -> None:
    annotation = {"name": "Restarts", "expr": "changes(x[$__rate_interval]) > 0", "step": "1m"}
    marked = {**annotation, "titleFormat": "{{server}} restarted", "iconColor": "blue"}
    written = json.loads(board_text(panel_json("stat"), panel_json("stat", id=2)))
    drawn = parse(json.dumps(written | {"annotations": {"list": [marked]}}), "made")

    with prometheus() as (there, asked):
        found = answers(there, None, drawn, View(TIME, {}))

    assert [q["query"][0] for _, q in asked].count("changes(x[240s]) > 0") == 1
    assert {each.events for each in found.values()} == {(Event(1, 2, "a restarted", "blue"),)}


def test_single_calls_are_asked_for_only_where_the_panel_shows_them() -> None:
    targets = [target("a", exemplar=True), target("b", refId="B")]
    with prometheus() as (there, asked):
        found = answers(
            there, None, board(panel_json("timeseries", targets=targets)), View(TIME, {})
        )

    assert [q["query"] for path, q in asked if path.endswith("exemplars")] == [["a"]]
    assert found[1].exemplars == (Exemplar(1.5, 0.2, "ab"),)
