"""A run keeps its settings and logs, and no more."""

from pathlib import Path

from lab.local.programs import DATA_FOLDER
from lab.local.run_folder import KEPT_RUNS, run_folder


def test_logs_stay_and_data_go(tmp_path: Path) -> None:
    with run_folder(tmp_path / "run", "hybrid") as folder:
        (folder / "collector.log").write_text("ready")
        (folder / DATA_FOLDER / "wal").mkdir(parents=True)
    assert folder.name.endswith("-hybrid")
    assert [each.name for each in folder.iterdir()] == ["collector.log"]


def test_two_runs_of_the_same_second_do_not_share_a_folder(tmp_path: Path) -> None:
    with run_folder(tmp_path, "x") as one, run_folder(tmp_path, "x") as two:
        assert one != two


def names(parent: Path) -> list[str]:
    return sorted(each.name for each in parent.iterdir())


def test_the_newest_ten_runs_stay(tmp_path: Path) -> None:
    old = [f"20250101-0000{second:02}-hybrid" for second in range(12)]
    for each in old:
        (tmp_path / each).mkdir()
        (tmp_path / each / "collector.log").write_text("ready")
    with run_folder(tmp_path, "hybrid") as folder:
        assert names(tmp_path) == [*old[-(KEPT_RUNS - 1) :], folder.name]


def test_what_is_not_the_folder_of_a_run_stays(tmp_path: Path) -> None:
    others = ["20240101-000000", "20240101-000000-hybrid.tar", "2024-hybrid", "notes"]
    for each in others:
        (tmp_path / each).mkdir()
    (tmp_path / "20240101-000000-file").write_text("not a folder")
    (tmp_path / "20240101-000000-link").symlink_to(tmp_path / "notes")
    for second in range(12):
        (tmp_path / f"20250101-0000{second:02}-hybrid").mkdir()
    with run_folder(tmp_path, "hybrid"):
        left = [each for each in names(tmp_path) if each.startswith(("2024", "notes"))]
    assert left == sorted([*others, "20240101-000000-file", "20240101-000000-link"])


def test_a_run_that_has_not_ended_keeps_its_folder(tmp_path: Path) -> None:
    with run_folder(tmp_path, "hybrid") as running:
        aged = running.rename(tmp_path / "20240101-000000-hybrid")
        for second in range(12):
            (tmp_path / f"20250101-0000{second:02}-hybrid").mkdir()
        with run_folder(tmp_path, "hybrid"):
            assert aged.exists()
    with run_folder(tmp_path, "hybrid"):
        assert not aged.exists()


def test_of_the_same_second_the_higher_number_is_newer(tmp_path: Path) -> None:
    same = [f"20250101-000000-hybrid{suffix}" for suffix in ("", "-2", "-9", "-10")]
    for each in (*same, *(f"20250101-0000{second}-x" for second in range(10, 17))):
        (tmp_path / each).mkdir()
    with run_folder(tmp_path, "hybrid"):
        assert [(tmp_path / each).exists() for each in same] == [False, False, True, True]
