"""Several clusters in one store: rules and boards keep apart what has the same name in two."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dashboards.bundles import monitoring_bundle
from dashboards.inhibition import inhibit_rules
from dashboards.promql.scope import variable
from dashboards.queries import concrete
from dashboards.render_options import RenderOptions
from dashboards.rules import document
from dashboards.signal import Query
from dashboards.variants.variant import UNIFIED, by_cluster
from tests.dashboards.alerts.cases import OF, REQUESTS, SERVER, UP, Fires, confirmed
from tests.dashboards.alerts.test_alert import FIRES, QUIET
from tests.dashboards.every_board import drawn, links
from tests.dashboards.promtool import Firing, History, Promtool, Replay
from tests.dashboards.signals import history

LABEL = "k8s_cluster"
VARIANT = by_cluster(UNIFIED, LABEL)
BUNDLE = monitoring_bundle(VARIANT)
ALERTS = {each.name: each for each in BUNDLE.every_alert}


def of(cluster: str, series: History) -> History:
    """The series with the label of a cluster."""
    labelled = {name if "{" in name else f"{name}{{}}": values for name, values in series.items()}
    return {
        name.replace("{", f'{{{LABEL}="{cluster}",', 1): values for name, values in labelled.items()
    }


@pytest.fixture
def by_clusters(promtool: Promtool) -> Promtool:
    return replace(promtool, rules=lambda t: document(monitoring_bundle(VARIANT, t)))


def in_both(series: History) -> History:
    return of("a", series) | of("b", series)


def replays(promtool: Promtool) -> Iterator[Replay]:
    """Every case of an alert, in two clusters at once."""
    for case in FIRES:
        alert, labels = ALERTS[case.name], [{**case.labels, LABEL: each} for each in "ab"]
        played = replace(case, history=in_both(case.history | case.beside))
        pending, fires = case.between
        firing: list[Firing] = [case.firing(alert, each) for each in labels]
        answered = {fires: confirmed(alert, labels[0])}
        yield promtool.replay(played, alert.name, {pending: [], fires: firing}, answered)
    for quiet in QUIET:
        expected: dict[str, list[Firing]] = {time: [] for time in quiet.at}
        played_quiet = replace(quiet, history=in_both(quiet.history))
        yield promtool.replay(played_quiet, quiet.name, expected)


@pytest.mark.slow
def test_an_alert_fires_for_each_cluster_and_never_for_the_sum_of_two(
    by_clusters: Promtool,
) -> None:
    assert by_clusters.replays(replays(by_clusters)) == ""


WORKING = {
    f"{UP}}}": "1x60",
    f'{REQUESTS},mcp_method="tools/call",status="success"}}': "0+300x60",
}
BROKEN = {
    f"{UP}}}": "0x60",
    f'{REQUESTS},mcp_method="tools/call",status="error"}}': "0+3x60",
}


@pytest.mark.slow
def test_a_server_that_is_down_in_one_cluster_is_not_hidden_by_its_namesake(
    by_clusters: Promtool,
) -> None:
    both = of("a", WORKING) | of("b", BROKEN)
    down = Fires("MCPServerDown", both, ("1m", "30m"), "0", {**SERVER, LABEL: "b"})
    firing = down.firing(ALERTS[down.name], down.labels)
    ratio = "mcp:errors:ratio_rate5m"
    values = {
        f"{ratio}": {
            f'{ratio}{{{LABEL}="a",{OF}}}': 0.0,
            f'{ratio}{{{LABEL}="b",{OF}}}': 1.0,
        }
    }

    assert (
        by_clusters.replays(
            [
                by_clusters.replay(down, down.name, {"1m": [], "30m": [firing]}),
                by_clusters.replay_values(both, "30m", values),
            ]
        )
        == ""
    )


def test_no_alert_mutes_one_of_another_cluster() -> None:
    rules = list(inhibit_rules(BUNDLE))

    assert rules
    assert [each for each in rules if LABEL not in each["equal"]] == []


def in_cluster_a(query: Query) -> str:
    rendered = query.expr.render(BUNDLE.variant.on_boards.schema)
    assert rendered
    text = rendered.text.replace(variable("cluster"), "a")
    return concrete(text, window="5m").replace(":1s]", ":1m]")


@pytest.mark.slow
def test_a_board_shows_of_a_selected_cluster_what_it_shows_of_the_only_one(
    by_clusters: Promtool,
) -> None:
    expected: dict[str, dict[str, float]] = {}
    for query, value in history.every_expected().items():
        expected |= history.summed(in_cluster_a(query), value)
    elsewhere = {name: history.scaled(values) for name, values in history.HISTORY.items()}
    both = of("a", history.HISTORY) | of("b", elsewhere)

    assert len(expected) > 150
    assert by_clusters.values(both, "15m", expected) == ""


def test_links_lead_to_the_cluster_of_what_was_clicked() -> None:
    table = next(
        panel for panel in drawn("mcp-fleet-clusters")["panels"] if panel["title"] == "Servers"
    )
    text = next(panel for panel in drawn("mcp-home-clusters")["panels"] if panel["type"] == "text")

    for url in links(table):
        assert "?var-cluster=${__data.fields.k8s_cluster:percentencode}&var-namespace=" in url
    assert "?${cluster:queryparam}&${namespace:queryparam}&" in text["options"]["content"]
    assert ALERTS["MCPServerDown"].dashboard_url.startswith(
        "/d/mcp-server?var-cluster={{ $labels.k8s_cluster | urlquery }}&var-namespace="
    )


def test_boards_offer_the_clusters_first_and_one_server_is_of_one_cluster() -> None:
    offered = {
        board.uid: drawn(f"{board.uid}-clusters")["templating"]["list"][1]
        for board in BUNDLE.boards
    }

    assert {each["name"] for each in offered.values()} == {"cluster"}
    assert all(each["definition"].endswith(f", {LABEL})") for each in offered.values())
    assert {uid for uid, each in offered.items() if not each["multi"]} == {"mcp-server", "mcp-load"}
    assert {each.get("allValue", ".*") for each in offered.values()} == {".*"}


def test_without_the_option_nothing_is_about_clusters() -> None:
    options = RenderOptions()
    text = json.dumps(document(options.bundle)) + "".join(
        map(options.board_text, options.bundle.boards)
    )

    assert "cluster" not in text.replace("on a cluster", "").replace("the cluster", "")
