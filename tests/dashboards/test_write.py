"""python -m dashboards: writes everything or says in one line why not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dashboards import BOARDS
from dashboards.rules import rules_document

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboards", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_it_writes_each_board_and_the_rules_and_says_how_long_it_took(tmp_path: Path) -> None:
    done = run(str(tmp_path / "new" / "out"))

    written = files(tmp_path / "new" / "out")
    assert done.returncode == 0
    assert done.stdout.endswith(" s\n")
    assert set(written) == {f"dashboards/{b.uid}.json" for b in BOARDS} | {"rules/mcp.yaml"}
    assert yaml.safe_load(written["rules/mcp.yaml"]) == rules_document()
    assert json.loads(written["dashboards/mcp-server.json"])["uid"] == "mcp-server"


def test_it_writes_the_same_bytes_again_over_the_old_and_keeps_other_files(tmp_path: Path) -> None:
    run(str(tmp_path))
    before = files(tmp_path)
    (tmp_path / "dashboards" / "mcp-server.json").write_text("old")
    (tmp_path / "dashboards" / "mine.json").write_text("{}")

    assert run(str(tmp_path)).returncode == 0
    assert files(tmp_path) == before | {"dashboards/mine.json": b"{}"}


def test_help_names_what_is_written() -> None:
    done = run("--help")

    assert done.returncode == 0
    assert "OUT/dashboards/*.json" in done.stdout
    assert "OUT/rules/*.yaml" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "dashboards: the following arguments are required: OUT; see"),
        (("--colour", "x"), "dashboards: unrecognized arguments: --colour; see"),
        (("x", "y"), "dashboards: unrecognized arguments: y; see"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], line: str
) -> None:
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_used_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("mine")

    done = run(str(taken / "out"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f'dashboards: cannot write to "{taken}/out": Not a directory\n'
    assert files(tmp_path) == {"file": b"mine"}


def test_a_failure_in_the_middle_leaves_nothing_half_written(tmp_path: Path) -> None:
    """`rules` is a file here, so the last move cannot be made; nothing stays aside."""
    (tmp_path / "rules").write_text("mine")

    done = run(str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert set(files(tmp_path)) == {"rules"}
