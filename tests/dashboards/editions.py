"""Every board of every set, ToolHive's in its oldest and newest layout by each road."""

from dashboards import BOARDS, Board
from dashboards.bundles import translated
from dashboards.variants import toolhive

LAYOUTS = [
    (version, ingestion)
    for version in ("0.3.5", "0.44.0")
    for ingestion in toolhive.INGESTION_PATHS
]

EDITIONS: dict[str, Board] = {
    **{board.uid: board for board in BOARDS},
    **{
        f"{board.uid}-{version}-{ingestion}": board
        for version, ingestion in LAYOUTS
        for board in translated(toolhive.dialect(version, ingestion)).boards
    },
}
"""By a name for the test."""
