"""The bundle of every variant is complete in itself, and can stand beside the default one."""

import json
import re

import pytest

from dashboards import ALERTS, BOARDS
from dashboards.bundles import MonitoringBundle
from dashboards.export import files
from dashboards.render_options import RenderOptions
from dashboards.rules import document
from tests.dashboards.every_board import EVERY_BUNDLE, TOOLHIVE, drawn, links, toolhive_bundle
from tests.dashboards.parsed_promql import selectors
from tests.dashboards.promtool import Promtool

every_bundle = pytest.mark.parametrize("bundle", EVERY_BUNDLE.values(), ids=EVERY_BUNDLE)
toolhives = pytest.mark.parametrize(
    "bundle", [toolhive_bundle(*each) for each in TOOLHIVE], ids=map("-".join, TOOLHIVE)
)


def written(bundle: MonitoringBundle) -> str:
    """All boards of a bundle."""
    names = (name for name in EVERY_BUNDLE if EVERY_BUNDLE[name] is bundle)
    suffix = "".join(f"-{name}" for name in names if name != "unified")
    return json.dumps([drawn(f"{board.uid}{suffix}") for board in bundle.boards])


@toolhives
def test_names_are_other_than_those_of_the_default_bundle(bundle: MonitoringBundle) -> None:
    groups = json.dumps(document(bundle)["groups"])

    for named in ("uid", "title", "tag"):
        ours, theirs = ({getattr(each, named) for each in some} for some in (BOARDS, bundle.boards))
        assert ours & theirs == set()
    assert re.findall(r'"(?:record|alert|name)": "(?:mcp[:-]|MCP)[^"]*"|\bmcp:', groups) == []


def test_files_are_other_than_those_of_the_default_bundle() -> None:
    variant = toolhive_bundle(*TOOLHIVE[0]).variant

    assert files(RenderOptions()).keys() & files(RenderOptions(variant=variant)).keys() == set()


@every_bundle
def test_every_recorded_series_is_recorded_before_it_is_read(bundle: MonitoringBundle) -> None:
    def read(expr: object) -> set[str]:
        return {each.name for each in selectors(str(expr)) if ":" in each.name}

    recorded: set[str] = set()
    for recording in bundle.recordings:
        assert read(recording.expr) <= recorded, recording.record
        recorded.add(recording.record)
    queries = (q for board in bundle.boards for p in board.panels for q in p.signal.queries)
    assert set().union(*(read(query.expr) for query in queries)) <= recorded


@pytest.mark.slow
@every_bundle
def test_promtool_accepts_the_rules(bundle: MonitoringBundle, promtool: Promtool) -> None:
    assert promtool.check(document(bundle)) == ""


@every_bundle
def test_every_alert_has_its_board(bundle: MonitoringBundle) -> None:
    alerts = bundle.every_alert

    assert len({each.name for each in alerts}) == len(alerts) >= 15
    assert {each.board for each in alerts} <= {each.uid for each in bundle.boards}


@every_bundle
def test_alerts_that_a_board_names_exist(bundle: MonitoringBundle) -> None:
    named = set(re.findall(r"\b(?:MCP|ToolHive)[A-Z][a-z]\w+", written(bundle)))

    assert named <= {each.name for each in bundle.every_alert}


@toolhives
def test_texts_and_links_name_labels_that_the_series_have(bundle: MonitoringBundle) -> None:
    """Pushed series have no label `namespace`."""
    missing = {"namespace"} - {bundle.variant.schema.namespace}
    texts = (
        f"{each.summary} {each.description} {each.dashboard_url}" for each in bundle.every_alert
    )
    urls = (
        url for board in json.loads(written(bundle)) for p in board["panels"] for url in links(p)
    )
    read = re.findall(r"\$labels\.(\w+)|\.(\w+):percentencode", " ".join((*texts, *urls)))

    assert {name for pair in read for name in pair} & missing == set()


@toolhives
def test_no_text_mentions_what_toolhive_does_not_measure(bundle: MonitoringBundle) -> None:
    signals = [panel.signal for board in bundle.boards for panel in board.panels]
    texts = [text for each in signals for text in (each.description, each.title)]
    missing = re.compile(r"this project's proxy|outcome|event loop|responsible|faults", re.I)

    assert [text for text in texts if missing.search(text)] == []


@toolhives
def test_alerts_on_toolhives_series_are_kept(bundle: MonitoringBundle) -> None:
    kept = {each.default_name for each in bundle.every_alert}

    assert {"MCPErrorRatioHigh", "MCPToolFailing", "MCPTelemetryAbsent", "MCPNoCalls"} <= kept
    assert kept <= {each.name for each in ALERTS}
