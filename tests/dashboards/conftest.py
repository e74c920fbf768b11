"""The real promtool, found or built once."""

import os
from pathlib import Path

import pytest

from lab.binaries.find import ensure
from tests.dashboards.promtool import Promtool


@pytest.fixture
def promtool(tmp_path: Path) -> Promtool:
    """promtool with an empty folder to work in."""
    return Promtool(ensure(["promtool"], environ=os.environ)["promtool"], tmp_path)
