"""A run keeps its settings and logs, and no more."""

from pathlib import Path

from lab.programs import DATA_FOLDER
from lab.run_folder import run_folder


def test_logs_stay_and_data_go(tmp_path: Path) -> None:
    with run_folder(tmp_path / "run", "hybrid") as folder:
        (folder / "collector.log").write_text("ready")
        (folder / DATA_FOLDER / "wal").mkdir(parents=True)
    assert folder.name.endswith("-hybrid")
    assert [each.name for each in folder.iterdir()] == ["collector.log"]


def test_two_runs_of_the_same_second_do_not_share_a_folder(tmp_path: Path) -> None:
    with run_folder(tmp_path, "x") as one, run_folder(tmp_path, "x") as two:
        assert one != two
