"""Boards show log lines of failed calls where a log store is given; else they are unchanged."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData

from dashboards import BOARDS, Board
from dashboards.bundles import monitoring_bundle
from dashboards.layout import place
from dashboards.log_lines import LOG_STORES, LogStore, with_log_lines
from dashboards.render import board_json
from dashboards.variants.variant import UNIFIED, by_cluster
from lab.binaries.catalogue import LOG_TOOLS
from lab.binaries.find import ensure
from lab.local import programs
from lab.local.pipeline import launch
from lab.local.ports import LOOPBACK, free_ports
from lab.local.processes import Processes
from lab.local.run_options import VICTORIA_LOGS_OTLP
from lab.victoria_logs_api import VictoriaLogs
from tests import npm
from tests.dashboards.every_board import Json, panel_of
from tests.dashboards.grafana_types import own
from tests.dashboards.log_queries import for_all
from tests.waiting import until

BY_UID = {board.uid: board for board in BOARDS}
SHOWING = ("mcp-server", "mcp-tools", "mcp-clients")
STORES = pytest.mark.parametrize("store", LOG_STORES.values(), ids=lambda store: store.name)


BY_CLUSTER = {
    board.uid: board for board in monitoring_bundle(by_cluster(UNIFIED, "k8s_cluster")).boards
}
KINDS = pytest.mark.parametrize("boards", [BY_UID, BY_CLUSTER], ids=["one cluster", "several"])


def drawn(uid: str, store: LogStore, boards: Mapping[str, Board] = BY_UID) -> Json:
    board: Json = json.loads(board_json(with_log_lines(boards[uid], store)))
    return board


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_without_a_store_a_board_is_the_same_bytes(board: Board) -> None:
    assert board_json(with_log_lines(board, None)) == board_json(board)


@STORES
def test_boards_about_failed_calls_show_them(store: LogStore) -> None:
    showing = [each.uid for each in BOARDS if with_log_lines(each, store) != each]
    assert showing == [each.uid for each in BOARDS if each.uid in SHOWING]


@STORES
@pytest.mark.parametrize("uid", SHOWING)
def test_the_viewer_selects_the_data_source_of_the_panel(uid: str, store: LogStore) -> None:
    board = drawn(uid, store)
    source = {"type": store.plugin, "uid": "${logs}"}
    panel = panel_of(board, "logs")
    assert (panel["datasource"], panel["targets"][0]["datasource"]) == (source, source)
    [variable] = [each for each in board["templating"]["list"] if each["name"] == "logs"]
    assert (variable["type"], variable["query"]) == ("datasource", store.plugin)


@STORES
@KINDS
@pytest.mark.parametrize("uid", SHOWING)
def test_the_query_follows_the_variables_of_the_board(
    uid: str, boards: Mapping[str, Board], store: LogStore
) -> None:
    board = drawn(uid, store, boards)
    query = panel_of(board, "logs")["targets"][0]["expr"]
    named = {each["name"] for each in board["templating"]["list"] if each["type"] == "query"}
    assert set(re.findall(r"\$\{(\w+):regex\}", query)) == named


@STORES
@pytest.mark.parametrize("uid", SHOWING)
def test_panels_and_rows_keep_their_ids_and_none_is_given_twice(uid: str, store: LogStore) -> None:
    before, after = (
        [item.id for item, _ in place(board.rows)]
        for board in (BY_UID[uid], with_log_lines(BY_UID[uid], store))
    )
    added = [each for each in after if each not in before]
    assert [each for each in after if each in before] == before
    assert len(added) == 2
    assert len(set(after)) == len(after)


@pytest.mark.slow
@STORES
@pytest.mark.parametrize("uid", SHOWING)
def test_the_panel_has_grafanas_types_and_names(uid: str, store: LogStore) -> None:
    grafana = own(os.environ)
    assert grafana.complaints(drawn(uid, store)) == []
    assert grafana.unknown(drawn(uid, store)) == []


@pytest.mark.slow
@KINDS
@pytest.mark.parametrize("uid", SHOWING)
def test_loki_can_parse_the_query(uid: str, boards: Mapping[str, Board]) -> None:
    grammar = npm.installed("logql", os.environ)
    panel = panel_of(drawn(uid, LOG_STORES["loki"], boards), "logs")
    query = for_all(panel["targets"][0]["expr"])
    assert npm.run(grammar, "errors.cjs", query) == ""
    assert npm.run(grammar, "errors.cjs", query.replace("| server=~", "| =~")) != ""


FAILURES = [
    ("prod", "git.hub", "list", "agent"),
    ("prod", "git-hub", "list", "agent"),
    ("test", "git.hub", "list(all)", "agent"),
    ("", "git.hub", "list", ""),
]
"""Namespace, server, tool and client of failed calls; empty ones are left out of the record."""
CLUSTERS = {"prod": "east", "test": "west"}
"""By namespace."""


def records() -> LogsData:
    """The failures, and a call that did not fail."""
    data = LogsData()
    for namespace, server, tool, client in [*FAILURES, ("prod", "git.hub", "good", "agent")]:
        resource = data.resource_logs.add()
        if namespace:
            for name, value in (("namespace", namespace), ("cluster", CLUSTERS[namespace])):
                attribute = resource.resource.attributes.add(key=f"k8s.{name}.name")
                attribute.value.string_value = value
        record = resource.scope_logs.add().log_records.add()
        record.body.string_value = "call" if tool == "good" else "call failed"
        fields = {"server": server, "method": "tools/call", "target": tool, "client": client}
        for name, value in fields.items():
            if value:
                record.attributes.add(key=name).value.string_value = value
    return data


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaLogs]:
    """A VictoriaLogs that has the records."""
    folder: Path = tmp_path_factory.mktemp("victoria-logs")
    [binary] = ensure(LOG_TOOLS, environ=os.environ).values()
    address = f"{LOOPBACK}:{free_ports(1)[0]}"
    with Processes(folder) as processes:
        launch(programs.victoria_logs(binary, folder, address), processes)
        logs = VictoriaLogs(f"http://{address}")
        sent = requests.post(
            f"{logs.url}{VICTORIA_LOGS_OTLP}",
            data=records().SerializeToString(),
            headers={"Content-Type": "application/x-protobuf"},
            timeout=10,
        )
        sent.raise_for_status()
        count = len(FAILURES) + 1
        until(lambda: len(logs.records("*", 99)) == count, seconds=20, what="the records")
        yield logs


SELECTED = [
    ({}, FAILURES),
    ({"server": r"git\.hub"}, [FAILURES[0], *FAILURES[2:]]),
    ({"namespace": "prod", "server": r"git\.hub"}, FAILURES[:1]),
    ({"namespace": "(prod|test)", "tool": r"list\(all\)"}, FAILURES[2:3]),
    ({"server": "git"}, []),
    ({"cluster": "east"}, FAILURES[:2]),
    ({"cluster": "(east|west)", "server": r"git\.hub"}, [FAILURES[0], FAILURES[2]]),
]
"""What Grafana makes of the viewer's choice by the format `regex`, and the failures left."""


@pytest.mark.slow
@pytest.mark.parametrize(("chosen", "left"), SELECTED)
def test_victorialogs_finds_the_failed_calls_that_the_viewer_selected(
    stored: VictoriaLogs, chosen: dict[str, str], left: list[tuple[str, str, str, str]]
) -> None:
    boards = BY_CLUSTER if "cluster" in chosen else BY_UID
    panel = panel_of(drawn("mcp-tools", LOG_STORES["victorialogs"], boards), "logs")
    query = panel["targets"][0]["expr"]
    for variable, value in chosen.items():
        query = query.replace(f"${{{variable}:regex}}", value)
    names = ("k8s.namespace.name", "server", "target", "client")
    found = [
        tuple(each.get(name, "") for name in names) for each in stored.records(for_all(query), 99)
    ]
    assert sorted(found) == sorted(left)
