"""python -m dashboards: exit codes, one line for a mistake, and nothing written by it."""

from pathlib import Path

from tests.dashboards.command import SCRAPED, process, run


def test_the_process_ends_with_the_exit_code_and_no_trace() -> None:
    done = process()

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dashboards: the following arguments are required: OUT; see")
    assert done.stderr.count("\n") == 1


def test_a_mistake_writes_nothing(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("eror_ratio: 0.1\n")
    out = tmp_path / "out"

    unknown = run(str(out), "--thresholds", str(mine))

    message = "unknown threshold 'eror_ratio'; did you mean error_ratio?"
    assert unknown.returncode == run(str(out), *SCRAPED[:3], "kafka").returncode == 2
    assert unknown.stderr == f'dashboards: thresholds: "{mine}": {message}\n'
    assert not out.exists()
