"""How much the figures of two comparisons differ, of files as `lab.compare` writes them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench.run_to_run import main


def comparison(folder: Path, name: str, *, gap: float, outage: str = "") -> str:
    delays = {"p50": 1.0, "p99": 2.0}
    measured: dict[str, Any] = {
        "architecture": "hybrid",
        "outage": outage,
        "metric": delays,
        "trace": delays,
        "lost": 0,
        "doubled": 0,
        "spans_lost": 0,
        "gap": gap,
        "series": 300,
        "wire_bytes": {"spans": 10},
        "cpu_seconds": {"proxy": 3.0},
        "peak_bytes": {"proxy": 5},
    }
    written = {"calls": 10, "bare_cpu_seconds": 1.0, "measurements": [measured]}
    path = folder / name
    path.write_text(json.dumps(written), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("gap", "code", "row"), [(1.1, 0, "1 of 1"), (1.2, 1, "0 of 1")])
def test_a_figure_may_differ_by_a_tenth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gap: float, code: int, row: str
) -> None:
    files = [
        comparison(tmp_path, "one.json", gap=1.0),
        comparison(tmp_path, "other.json", gap=gap),
    ]
    assert main(files) == code
    lines = capsys.readouterr().out.splitlines()
    [found] = [each for each in lines if each.startswith("| gap in the metrics")]
    assert row in found
    assert "`hybrid`, none" in found
    assert "| extra CPU per call | 1 of 1 | 0.0% | 0.0% |  |" in lines


def test_other_files_are_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = comparison(tmp_path, "good.json", gap=1.0)
    other = comparison(tmp_path, "other.json", gap=1.0, outage="link")
    odd = tmp_path / "odd.json"
    odd.write_text("[]", encoding="utf-8")
    for files in ([], [good], [good, str(odd)], [good, str(tmp_path / "absent")], [good, other]):
        assert main(files) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("run_to_run: give two ")
