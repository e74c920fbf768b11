"""Every board of every variant as Grafana's JSON, ToolHive's at its oldest and newest version.

And those of the default variant for a store of several clusters.
"""

from functools import cache
from typing import Any

from dashboards import Board
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.render import dashboard
from dashboards.variants import toolhive
from dashboards.variants.variant import UNIFIED, by_cluster

Json = dict[str, Any]

TOOLHIVE = [(version, path) for version in ("0.3.5", "0.44.0") for path in toolhive.INGESTION_PATHS]


def toolhive_bundle(version: str, ingestion: str) -> MonitoringBundle:
    return monitoring_bundle(toolhive.variant(version, ingestion))


EVERY_BUNDLE = {
    "unified": monitoring_bundle(),
    "clusters": monitoring_bundle(by_cluster(UNIFIED, "k8s_cluster")),
    **{f"{version}-{path}": toolhive_bundle(version, path) for version, path in TOOLHIVE},
}
EVERY_BOARD: dict[str, Board] = {
    board.uid if name == "unified" else f"{board.uid}-{name}": board
    for name, bundle in EVERY_BUNDLE.items()
    for board in bundle.boards
}
"""By a name for the test."""


@cache
def drawn(name: str) -> Json:
    """The dashboard of that name, not to be changed."""
    return dashboard(EVERY_BOARD[name])


def panel_titled(name: str, title: str, kind: str = "") -> Json:
    """The first panel of the title and type of a dashboard."""
    named = (panel for panel in drawn(name)["panels"] if panel["title"] == title)
    return next(panel for panel in named if kind in panel["type"])


def panel_of(board: Json, kind: str) -> Json:
    """The first panel of a type."""
    return next(panel for panel in board["panels"] if panel["type"] == kind)


def links(panel: Json) -> list[str]:
    """The URLs that a click on a series or on a row opens."""
    config = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
    columns = [p for each in config["overrides"] for p in each["properties"] if p["id"] == "links"]
    found = config["defaults"].get("links", []) + [link for p in columns for link in p["value"]]
    return [link["url"] for link in found]
