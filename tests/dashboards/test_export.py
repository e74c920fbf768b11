"""python -m dashboards: writes every file, or none."""

import json
from pathlib import Path

import pytest
import yaml

from dashboards import BOARDS
from dashboards.bundles import monitoring_bundle
from dashboards.inhibition import inhibition
from dashboards.render import board_json
from dashboards.rules import rules_document
from tests.dashboards.command import SCRAPED, process, run


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_it_writes_each_board_and_the_rules_and_how_long_it_took(tmp_path: Path) -> None:
    done = process(str(tmp_path / "new" / "out"))

    written = files(tmp_path / "new" / "out")
    assert done.returncode == 0
    assert done.stdout.endswith(" s\n")
    assert set(written) == {
        *(f"dashboards/{board.uid}.json" for board in BOARDS),
        *(f"manifests/board-{board.uid}.yaml" for board in BOARDS),
        *("manifests/rules-mcp.yaml", "rules/mcp.yaml", "alertmanager/mcp.yaml"),
    }
    assert yaml.safe_load(written["rules/mcp.yaml"]) == rules_document()
    assert yaml.safe_load(written["alertmanager/mcp.yaml"]) == inhibition(monitoring_bundle())
    assert [written[f"dashboards/{board.uid}.json"].decode() for board in BOARDS] == [
        board_json(board) for board in BOARDS
    ]


def test_it_replaces_files_by_the_same_bytes_and_keeps_others(tmp_path: Path) -> None:
    run(str(tmp_path))
    before = files(tmp_path)
    (tmp_path / "dashboards" / "mcp-server.json").write_text("old")
    (tmp_path / "dashboards" / "mine.json").write_text("{}")

    assert run(str(tmp_path)).returncode == 0
    assert files(tmp_path) == before | {"dashboards/mine.json": b"{}"}


def test_a_folder_that_cannot_be_used_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("mine")

    done = run(str(taken / "out"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f'dashboards: cannot write to "{taken}/out": ')
    assert done.stderr.endswith(": Not a directory\n")
    assert files(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize("obstacle", ["rules", "dashboards/mcp-tools.json/mine"])
def test_what_blocks_a_file_is_named_and_nothing_is_replaced(tmp_path: Path, obstacle: str) -> None:
    """A file in place of a folder, or a folder in place of a file."""
    (tmp_path / obstacle).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / obstacle).write_text("mine")

    done = run(str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path}/{obstacle.removesuffix('/mine')}: " in done.stderr
    assert files(tmp_path) == {obstacle: b"mine"}


def test_toolhives_variant_is_written_beside_the_default_one(tmp_path: Path) -> None:
    run(str(tmp_path))
    before = files(tmp_path)

    done = run(str(tmp_path), *SCRAPED, "--toolhive-version", "0.3.5", "--datasource", "prom-1")

    after = files(tmp_path)
    added = set(after) - set(before)
    assert done.returncode == 0, done.stderr
    assert {path: after[path] for path in before} == before
    assert {"rules/toolhive.yaml", "manifests/rules-toolhive.yaml"} <= added
    assert {"runbook/toolhive.md", "dashboards/mcp-toolhive-fleet.json"} <= added
    assert b"ToolHiveErrorBudgetBurnFast" in after["alertmanager/toolhive.yaml"]
    assert b"histogram_quantile" not in after["dashboards/mcp-toolhive-latency.json"]
    assert b'"uid": "prom-1"' in after["dashboards/mcp-toolhive-latency.json"]


def test_thresholds_of_a_file_reach_rules_panels_and_columns(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("error_ratio: 0.123\n")

    assert run(str(tmp_path / "out"), "--thresholds", str(mine)).returncode == 0

    written = files(tmp_path / "out")
    assert b"mcp:errors:ratio_rate5m > 0.123 and" in written["rules/mcp.yaml"]
    assert b'"value": 0.123' in written["dashboards/mcp-server.json"]
    assert b"MCPErrorRatioHigh fires above 12.3 %" in written["dashboards/mcp-server.json"]
    home = json.loads(written["dashboards/mcp-home.json"])
    tables = [panel for panel in home["panels"] if panel["type"] == "table"]
    assert '"value": 0.123' in json.dumps(tables)
