"""Manifests are the objects that the stack deploys, in the namespace and folder given."""

from pathlib import Path

import yaml

from dashboards.export import files
from dashboards.render_options import RenderOptions
from tests.dashboards.command import run
from tests.stacks.stack import plan_of

UNSUBSTITUTED = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
"""What keeps Flux from replacing Grafana's variables."""


def test_manifests_are_the_objects_that_the_stack_deploys() -> None:
    kinds = ("ConfigMap", "PrometheusRule")
    planned = [each for each in plan_of().objects if each["kind"] in kinds]
    written = [
        yaml.safe_load(text)
        for path, text in files(RenderOptions()).items()
        if path.parent == Path("manifests")
    ]

    by_name = {each["metadata"]["name"]: each for each in planned}
    assert {each["metadata"]["name"]: each for each in written} == by_name


def test_folder_and_namespace_are_in_the_manifests(tmp_path: Path) -> None:
    assert run(str(tmp_path), "--folder", "My MCP", "--namespace", "obs").returncode == 0

    board = yaml.safe_load((tmp_path / "manifests" / "board-mcp-server.yaml").read_text())
    rules = yaml.safe_load((tmp_path / "manifests" / "rules-mcp.yaml").read_text())
    assert board["metadata"]["annotations"] == {"grafana_folder": "My MCP", **UNSUBSTITUTED}
    assert rules["metadata"]["annotations"] == UNSUBSTITUTED
    assert (board["metadata"]["namespace"], rules["metadata"]["namespace"]) == ("obs", "obs")
