"""python -m dashboards import: what Grafana is asked, and what its refusals come to."""

import json
import socket
import ssl
from itertools import chain, repeat
from pathlib import Path

import pytest

from dashboards import BOARDS
from dashboards.cli import main
from dashboards.render import board_json
from tests.certificates import self_signed
from tests.dashboards.grafana_edge import Answer, Asked, Edge, scripted

FOLDERS = "GET /api/folders?limit=1000"
MAKE = "POST /api/folders"
SAVE = "POST /api/dashboards/db"
TOKEN = {"GRAFANA_TOKEN": "secret-1"}
HAPPY = {
    FOLDERS: Answer(body=[{"uid": "other", "title": "Other"}]),
    MAKE: Answer(body={"uid": "made", "title": "MCP"}),
    SAVE: Answer(body={"status": "success"}),
}


def send(edge: Edge, *more: str) -> int:
    return main(["import", "--grafana-url", edge.url, *more], TOKEN)


def asked(edge: Edge, key: str) -> list[Asked]:
    return [each for each in edge.asked if f"{each.verb} {each.path}" == key]


def test_every_board_is_saved_in_a_new_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted(HAPPY) as edge:
        assert send(edge) == 0

    assert [each.body for each in asked(edge, MAKE)] == [{"title": "MCP"}]
    assert [each.body for each in asked(edge, SAVE)] == [
        {
            "dashboard": {**json.loads(board_json(board)), "id": None},
            "folderUid": "made",
            "overwrite": True,
        }
        for board in BOARDS
    ]
    assert {each.authorization for each in edge.asked} == {"Bearer secret-1"}
    out = capsys.readouterr().out
    assert out.startswith(f'{len(BOARDS)} boards in folder "MCP" of {edge.url}, ')


def test_a_folder_that_exists_is_used_again() -> None:
    there = {**HAPPY, FOLDERS: Answer(body=[{"uid": "old", "title": "My boards"}])}

    with scripted(there) as edge:
        assert send(edge, "--folder", "My boards") == 0

    assert asked(edge, MAKE) == []
    assert {each.body["folderUid"] for each in asked(edge, SAVE)} == {"old"}


def test_a_path_before_grafanas_own_stays() -> None:
    below = {key.replace("/api", "/grafana/api"): answer for key, answer in HAPPY.items()}

    with scripted(below) as edge:
        assert main(["import", "--grafana-url", f"{edge.url}/grafana/"], TOKEN) == 0


def test_a_netrc_file_does_not_replace_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with scripted(HAPPY) as edge:
        assert send(edge) == 0

    assert {each.authorization for each in edge.asked} == {"Bearer secret-1"}


def test_data_source_and_thresholds_reach_the_boards(tmp_path: Path) -> None:
    mine = tmp_path / "t.yaml"
    mine.write_text("error_ratio: 0.123")

    with scripted(HAPPY) as edge:
        assert send(edge, "--datasource", "prom-1", "--thresholds", str(mine)) == 0

    sent = json.dumps([each.body for each in asked(edge, SAVE)])
    assert '"uid": "prom-1"' in sent
    assert '"value": 0.123' in sent
    assert "${datasource" not in sent


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        (FOLDERS, Answer(401, {"message": "Invalid API key"}), "HTTP 401: Invalid API key"),
        (MAKE, Answer(403, {"message": "Access denied"}), "HTTP 403: Access denied"),
        (MAKE, Answer(404, {"message": "Not found"}), "HTTP 404: Not found"),
        (
            SAVE,
            Answer(412, {"message": "exists\nalready"}),
            "HTTP 412: exists already (board mcp-home; saved before: 0)",
        ),
        (FOLDERS, Answer(500, ""), "HTTP 500: empty response"),
        (FOLDERS, Answer(502, "<html>\nBad \x1b[31mGateway"), "HTTP 502: <html> Bad ?[31mGateway"),
        (FOLDERS, Answer(302, "", "/login"), "HTTP 302: redirected to /login"),
        (FOLDERS, Answer(200, "<html>"), "not Grafana's API: <html>"),
        (FOLDERS, Answer(200, "[" * 5000), f"not Grafana's API: {'[' * 300}"),
        (FOLDERS, Answer(200, {"a": 1}), "not Grafana's API: {'a': 1}"),
    ],
)
def test_a_refusal_is_one_line_with_grafanas_answer_and_exit_code_1(
    key: str, answer: Answer, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with scripted({**HAPPY, key: answer}) as edge:
        assert send(edge) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("dashboards: ")
    assert captured.err.endswith(f"{words}\n")
    assert captured.err.count("\n") == 1
    assert edge.url in captured.err
    assert "secret" not in captured.err
    assert edge.asked[-1].path.startswith(key.split()[1].partition("?")[0])


def test_the_board_that_is_refused_is_named_and_those_before_it_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers = chain(repeat(HAPPY[SAVE], 2), repeat(Answer(403)))
    with scripted({**HAPPY, SAVE: answers}) as edge:
        assert send(edge) == 1

    third = [each.body["dashboard"]["uid"] for each in asked(edge, SAVE)][-1]
    assert capsys.readouterr().err.endswith(f" (board {third}; saved before: 2)\n")


def test_a_private_authority_is_trusted_only_if_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with scripted(HAPPY, context) as edge:
        assert send(edge) == 1
        assert edge.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert send(edge) == 0

    error = capsys.readouterr().err
    assert "certificate verify failed" in error
    assert error.count("\n") == 1


def test_a_grafana_that_is_not_there_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert main(["import", "--grafana-url", url], TOKEN) == 1

    error = capsys.readouterr().err
    assert error.startswith(f"dashboards: GET {url}/api/folders?limit=1000: no response: ")
    assert error.rstrip().endswith("Connection refused")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "environ", "line"),
    [
        ((), TOKEN, "no Grafana given; give --grafana-url (make: GRAFANA_URL=), such as ht"),
        (("--grafana-url", ""), TOKEN, "no Grafana given; give --grafana-url (make: "),
        (("--grafana-url", "grafana"), TOKEN, "'grafana' is not an address of Grafana, such as "),
        (("--grafana-url", "http://a:b@g"), TOKEN, "Grafana's address contains a password; set a"),
        (
            ("--grafana-url", "http://g/@team"),
            {},
            "GRAFANA_TOKEN is not set; set it to the token of",
        ),
        (("--grafana-url", "a:b@g"), TOKEN, "Grafana's address contains a password; set a"),
        (("--grafana-url", "http://[a:b@g"), TOKEN, "Grafana's address contains a password; set a"),
        (("--grafana-url", "http://g"), {}, "GRAFANA_TOKEN is not set; set it to the token of"),
        (
            ("--grafana-url", "http://g"),
            {"GRAFANA_TOKEN": "a\nb"},
            "GRAFANA_TOKEN is not a token; set",
        ),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...],
    environ: dict[str, str],
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["import", *arguments], environ) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"dashboards: {line}")
    assert captured.err.count("\n") == 1
