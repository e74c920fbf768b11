"""Every board of every set, ToolHive's in its oldest and newest layout by each road."""

from dashboards import BOARDS, Board
from dashboards.bundles import translated
from dashboards.variants import toolhive

LAYOUTS = [(version, road) for version in ("0.3.5", "0.44.0") for road in toolhive.ROADS]

EDITIONS: dict[str, Board] = {
    **{board.uid: board for board in BOARDS},
    **{
        f"{board.uid}-{version}-{road}": board
        for version, road in LAYOUTS
        for board in translated(toolhive.dialect(version, road)).boards
    },
}
"""By a name for the test."""
