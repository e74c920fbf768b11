"""Every board of every variant, ToolHive's at its oldest and newest version."""

from dashboards import BOARDS, Board
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.variants import toolhive

TOOLHIVE = [(version, path) for version in ("0.3.5", "0.44.0") for path in toolhive.INGESTION_PATHS]


def toolhive_bundle(version: str, ingestion: str) -> MonitoringBundle:
    return monitoring_bundle(toolhive.variant(version, ingestion))


EVERY_BOARD: dict[str, Board] = {
    **{board.uid: board for board in BOARDS},
    **{
        f"{board.uid}-{version}-{ingestion}": board
        for version, ingestion in TOOLHIVE
        for board in toolhive_bundle(version, ingestion).boards
    },
}
"""By a name for the test."""
