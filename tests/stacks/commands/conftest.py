"""A checkout with one stack, and the programs that its commands run."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stacks.commands.stand_ins import StandIns, install
from tests.stacks.engine import ROOT
from tests.stacks.stack import STDIO, TOOLHIVE, plan_of

STACK = "otel-scrape"


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    """Nothing is deployed, without a login or a cluster."""
    root = tmp_path / "checkout"
    (root / "stacks").mkdir(parents=True)
    shutil.copy(ROOT / "stacks" / "kind.yaml", root / "stacks")
    config: dict[str, Any] = {"mcp-observability:servers": [STDIO, TOOLHIVE]}
    (root / "stacks" / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": config}))
    found = install(tmp_path / "programs", root)
    planned = plan_of(servers=[STDIO, TOOLHIVE]).outputs
    found.write("outputs.json", json.dumps({"context": "kind-mcp-observability", **planned}))
    return found
