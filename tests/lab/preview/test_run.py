"""The command writes all files or none, and reports every mistake in one line."""

import socket
from pathlib import Path

import pytest

from lab.preview.run import main
from tests.lab.preview.made import board_text, panel_json
from tests.lab.scripted import answering

CLOSED = "http://127.0.0.1:1"
EMPTY = {"data": {"resultType": "matrix", "result": []}}


def folder_of(path: Path, *panels: dict[str, object]) -> Path:
    path.mkdir()
    (path / "made.json").write_text(board_text(*panels))
    return path


def test_a_page_of_each_board_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("stat"))
    out = tmp_path / "new" / "out"
    with answering(200, EMPTY) as url:
        code = main(["--prometheus", url, "--boards", str(boards), "--out", str(out)])
    assert code == 0, capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == ["made.html"]
    assert (out / "made.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--from", "soon"], '"soon" is not a duration: a number with s, m, h or d, such as 5m'),
        (
            ["--prometheus", "localhost"],
            "'localhost' is not an address of Prometheus, such as http://",
        ),
        (
            ["--jaeger", "localhost"],
            "'localhost' is not an address of Jaeger, such as http://127.0.0",
        ),
        (["--board", "fleet"], "--board fleet: known are made\n"),
        (["--wait-for", "fleet"], "--wait-for fleet: known are made\n"),
        (["--wait-for", "made", "--to", "1000"], "--wait-for: leave --to out"),
        (["--serve", "70000"], "--serve 70000: not a port; 0 to 65535"),
        (["--theme", "pink"], "invalid choice: 'pink'"),
        (["--boards", "/nowhere"], '--boards "/nowhere": no *.json there'),
        (
            ["--board", "made", "--panel", "A stats"],
            'preview: --panel "A stats": did you mean "A stat"? board made has "A stat"',
        ),
        ([], f"preview: {CLOSED}/api/v1/series: no answer: [Errno 111] Connection refused\n"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("stat"))
    out = tmp_path / "out"
    given = ["--prometheus", CLOSED, "--boards", str(boards), "--out", str(out), *arguments]
    assert main(given) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert error.startswith("preview: ")
    assert error.count("\n") == 1
    assert not out.exists()


def test_an_unknown_panel_type_is_reported_before_anybody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("geomap"))
    assert main(["--prometheus", CLOSED, "--boards", str(boards)]) == 2
    assert 'board made, panel "A geomap": panel type "geomap"' in capsys.readouterr().err


def test_what_is_no_board_is_refused_by_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "half.json").write_text('{"uid": "x"}')
    assert main(["--prometheus", CLOSED, "--boards", str(tmp_path)]) == 2
    assert (
        "half.json: not a board's JSON: Object missing required field `title`"
        in capsys.readouterr().err
    )


def test_a_refused_query_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("stat"))
    out = tmp_path / "out"
    with answering(400, {"error": "parse error"}) as url:
        code = main(["--prometheus", url, "--boards", str(boards), "--out", str(out)])
    assert code == 1
    assert ": parse error\n" in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_that_cannot_be_written_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("stat"))
    file = tmp_path / "file"
    file.write_text("kept")
    with answering(200, EMPTY) as url:
        code = main(["--prometheus", url, "--boards", str(boards), "--out", str(file)])
    assert code == 2
    assert f'cannot write to "{file}": File exists' in capsys.readouterr().err
    assert file.read_text() == "kept"


def test_a_busy_port_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("stat"))
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        given = ["--prometheus", CLOSED, "--boards", str(boards), "--serve", str(port)]
        assert main(given) == 2
    problem = f"preview: --serve {port}: Address already in use; 0 takes a free port\n"
    assert capsys.readouterr().err == problem


def test_a_panel_is_printed_and_no_file_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("stat"))
    out = tmp_path / "out"
    places = ("--boards", str(boards), "--out", str(out), "--board", "made")
    with answering(200, EMPTY) as url:
        assert main(["--prometheus", url, *places, "--panel", "A stat"]) == 0
    assert capsys.readouterr().out == "No data\n"
    assert not out.exists()


@pytest.mark.parametrize(
    ("board", "panel", "problem"),
    [
        ((), "A stat", '--panel "A stat": name its board, by one --board UID'),
        (("--board", "made"), "Calls", '--panel "Calls": board made has "A stat"'),
    ],
)
def test_a_panel_that_there_is_not_is_answered_with_those_there_are(
    board: tuple[str, ...],
    panel: str,
    problem: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    boards = folder_of(tmp_path / "boards", panel_json("stat"))
    given = ("--prometheus", CLOSED, "--boards", str(boards), *board, "--panel", panel)
    assert main(given) == 2
    assert capsys.readouterr().err == f"preview: {problem}\n"
