"""python -m dashboards: writes everything or says in one line why not."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import yaml

from dashboards import BOARDS
from dashboards.bundles import monitoring_bundle
from dashboards.cli import main
from dashboards.export import files as contents
from dashboards.inhibition import inhibition
from dashboards.render import board_json
from dashboards.render_options import RenderOptions
from dashboards.rules import rules_document
from tests.stacks.stack import plan_of

ROOT = Path(__file__).parents[2]
SCRAPED = ("--variant", "toolhive", "--ingestion", "direct-scrape")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in this process: to start a Python for each takes longer than all else."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code: int | str | None = main(list(arguments), {})
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as it is typed."""
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
    done = process(str(tmp_path / "new" / "out"))

    written = files(tmp_path / "new" / "out")
    assert done.returncode == 0
    assert done.stdout.endswith(" s\n")
    assert set(written) == {
        *(f"dashboards/{board.uid}.json" for board in BOARDS),
        *(f"manifests/board-{board.uid}.yaml" for board in BOARDS),
        "manifests/rules-mcp.yaml",
        "rules/mcp.yaml",
        "alertmanager/mcp.yaml",
    }
    assert yaml.safe_load(written["rules/mcp.yaml"]) == rules_document()
    assert yaml.safe_load(written["alertmanager/mcp.yaml"]) == inhibition(monitoring_bundle())
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
    assert "OUT/manifests/*.yaml" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "dashboards: the following arguments are required: OUT; see"),
        (("--colour", "x"), "dashboards: unrecognized arguments: --colour; see"),
        (("x", "y"), "dashboards: unrecognized arguments: y; see"),
        (("x", "--datasource", "a b"), 'dashboards: argument --datasource: "a b" is not a uid: 1'),
        (("x", "--folder", "a/b"), 'dashboards: argument --folder: "a/b" is not a folder: 1 to 99'),
        (("x", "--folder", ""), 'dashboards: argument --folder: "" is not a folder: 1 to 99'),
        (("x", "--namespace", "A"), 'dashboards: argument --namespace: "A" is not a namespace: 1'),
        (("x", "--thresholds", "no.yaml"), 'dashboards: thresholds: cannot read "no.yaml": No'),
        (("",), "dashboards: argument OUT: empty; give a folder; see"),
        (("x", "--set", "toolhive"), "dashboards: --set is now --variant\n"),
        (("x", "--road=otel-scrape"), "dashboards: --road is now --ingestion\n"),
        (
            ("x", "--variant", "mine"),
            'dashboards: "mine" is not a variant; choose unified or toolhive\n',
        ),
        (
            ("x", "--variant", "toolhive"),
            "dashboards: variant toolhive needs --ingestion (make: INGESTION=), one of direct-",
        ),
        (
            ("x", "--ingestion", "hybrid"),
            'dashboards: ingestion path "hybrid" is only for variant toolhive\n',
        ),
        (
            ("x", "--toolhive-version", "1"),
            'dashboards: ToolHive version "1" is only for variant toolhive\n',
        ),
        (
            ("x", "--variant", "toolhive", "--ingestion", "kafka"),
            'dashboards: "kafka" is not an ingestion path; choose direct-scrape, static-scrape, ',
        ),
        (
            ("x", *SCRAPED, "--toolhive-version", "0.3.4"),
            'dashboards: "0.3.4" is too old; the oldest supported ToolHive is 0.3.5\n',
        ),
        (
            ("x", *SCRAPED, "--toolhive-version", "latest"),
            'dashboards: "latest" is not a version of ToolHive, such as 0.44.0',
        ),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], line: str
) -> None:
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


def test_the_process_ends_with_the_commands_exit_code_and_no_trace() -> None:
    done = process()

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dashboards: the following arguments are required: OUT; see")
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_used_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("mine")

    done = run(str(taken / "out"))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f'dashboards: cannot write to "{taken}/out": ')
    assert done.stderr.endswith(": Not a directory\n")
    assert files(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize("in_the_way", ["rules", "dashboards/mcp-tools.json/mine"])
def test_what_is_in_the_way_is_named_and_nothing_is_replaced(
    tmp_path: Path, in_the_way: str
) -> None:
    """A file where a folder must be, or a folder where a file must be."""
    (tmp_path / in_the_way).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / in_the_way).write_text("mine")

    done = run(str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path}/{in_the_way.removesuffix('/mine')}: " in done.stderr
    assert files(tmp_path) == {in_the_way: b"mine"}


def test_manifests_are_the_objects_that_the_stack_makes() -> None:
    planned = [
        each for each in plan_of().objects if each["kind"] in ("ConfigMap", "PrometheusRule")
    ]
    made = [
        yaml.safe_load(text)
        for path, text in contents(RenderOptions()).items()
        if path.parent == Path("manifests")
    ]

    by_name = {each["metadata"]["name"]: each for each in planned}
    assert {each["metadata"]["name"]: each for each in made} == by_name


def test_without_choices_a_board_is_the_one_that_everyone_checks() -> None:
    made = contents(RenderOptions())

    assert [made[Path("dashboards", f"{board.uid}.json")] for board in BOARDS] == [
        board_json(board) for board in BOARDS
    ]


def test_a_data_source_takes_the_place_of_the_viewers_choice(tmp_path: Path) -> None:
    assert run(str(tmp_path), "--datasource", "prom-1").returncode == 0

    for path in (tmp_path / "dashboards").iterdir():
        text = path.read_text()
        variables = json.loads(text)["templating"]["list"]
        assert "datasource}" not in text
        assert "datasource:" not in text
        assert '"uid": "prom-1"' in text or "targets" not in text
        assert "datasource" not in [each["name"] for each in variables]


def test_the_set_for_toolhive_is_written_beside_the_other_one(tmp_path: Path) -> None:
    run(str(tmp_path))
    before = files(tmp_path)

    done = run(str(tmp_path), *SCRAPED, "--toolhive-version", "0.3.5", "--datasource", "prom-1")

    after = files(tmp_path)
    added = set(after) - set(before)
    assert done.returncode == 0, done.stderr
    assert {path: after[path] for path in before} == before
    assert {"rules/toolhive.yaml", "manifests/rules-toolhive.yaml"} <= added
    assert b"ToolHiveErrorBudgetBurnFast" in after["alertmanager/toolhive.yaml"]
    assert "dashboards/mcp-toolhive-fleet.json" in added
    assert b"histogram_quantile" not in after["dashboards/mcp-toolhive-latency.json"]
    assert b'"uid": "prom-1"' in after["dashboards/mcp-toolhive-latency.json"]


def test_a_mistake_in_the_layout_writes_nothing(tmp_path: Path) -> None:
    assert run(str(tmp_path / "out"), *SCRAPED[:3], "kafka").returncode == 2
    assert not (tmp_path / "out").exists()


def test_folder_and_namespace_are_in_the_manifests(tmp_path: Path) -> None:
    assert run(str(tmp_path), "--folder", "My MCP", "--namespace", "obs").returncode == 0

    board = yaml.safe_load((tmp_path / "manifests" / "board-mcp-server.yaml").read_text())
    rules = yaml.safe_load((tmp_path / "manifests" / "rules-mcp.yaml").read_text())
    assert board["metadata"]["annotations"] == {"grafana_folder": "My MCP"}
    assert (board["metadata"]["namespace"], rules["metadata"]["namespace"]) == ("obs", "obs")


def test_thresholds_of_a_file_reach_rules_and_panels(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("error_ratio: 0.123\n")

    assert run(str(tmp_path / "out"), "--thresholds", str(mine)).returncode == 0

    written = files(tmp_path / "out")
    assert b"mcp:errors:ratio_rate5m > 0.123 and" in written["rules/mcp.yaml"]
    assert b'"value": 0.123' in written["dashboards/mcp-server.json"]
    assert b"MCPErrorRatioHigh fires above 12.3 %" in written["dashboards/mcp-server.json"]


def test_a_mistake_in_the_thresholds_writes_nothing(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("eror_ratio: 0.1\n")

    done = run(str(tmp_path / "out"), "--thresholds", str(mine))

    unknown = "unknown threshold 'eror_ratio'; did you mean \"error_ratio\"?"
    assert done.returncode == 2
    assert done.stderr == f'dashboards: thresholds: "{mine}": {unknown}\n'
    assert not (tmp_path / "out").exists()
