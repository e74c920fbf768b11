"""Files of results are written all at once, and overwrite nothing."""

import re
from pathlib import Path

import pytest

from lab.arguments import UsageError
from lab.load.output import FILES, check_folder, write


def test_the_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")

    write(tmp_path / "a" / "b", {"load.txt": "one", "load.csv": "two"})

    assert {each.name: each.read_text() for each in (tmp_path / "a" / "b").iterdir()} == {
        "load.txt": "one",
        "load.csv": "two",
    }


@pytest.mark.parametrize("name", FILES)
def test_a_folder_with_results_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("before")

    with pytest.raises(UsageError, match=re.escape(f"{name} exists; choose another folder")):
        check_folder(tmp_path)


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot write to"):
        check_folder(tmp_path / "file")
    with pytest.raises(UsageError, match="cannot write to"):
        check_folder(tmp_path / "file" / "below")


def test_a_file_that_appeared_meanwhile_is_kept(tmp_path: Path) -> None:
    (tmp_path / "load.txt").write_text("before")

    with pytest.raises(FileExistsError):
        write(tmp_path, {"load.txt": "after"})

    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [
        ("load.txt", "before")
    ]
    write(tmp_path, {"load.txt": "after"}, overwrite=True)
    assert (tmp_path / "load.txt").read_text() == "after"
