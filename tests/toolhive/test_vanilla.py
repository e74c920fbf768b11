"""ToolHive's series as they are give data on every panel, variable and rule of ToolHive's set."""

from pathlib import Path

import pytest

from dashboards.dialects import toolhive
from dashboards.queries import set_queries
from dashboards.sets import translated
from tests.toolhive.emitted import VERSIONS
from tests.toolhive.vanilla import running

pytestmark = pytest.mark.slow

LAYOUTS = [(version, road) for version in VERSIONS for road in toolhive.ROADS]


@pytest.mark.parametrize(("version", "road"), LAYOUTS)
def test_every_query_has_data(version: str, road: str, tmp_path: Path) -> None:
    made = translated(toolhive.dialect(version, road))

    with running(version, road, made, tmp_path) as at_work:
        missing = at_work.unanswered(set_queries(made))
        failing = [each for each in at_work.prometheus.rules() if each.health == "err"]

    assert [(each.board, each.panel, each.expr) for each in missing] == []
    assert failing == []
