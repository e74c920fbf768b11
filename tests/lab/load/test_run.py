"""The command: results of real servers, and mistakes in one line."""

import csv
import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.load.run import main
from tests.http_edge import Handler, serving
from tests.lab.load.echo import echo
from tests.lab.load.proxied import proxy
from tests.lab.scripted import answering

pytestmark = pytest.mark.slow

HEAD = (
    "Test Connections Duration (s) RPS Expected Actual Success Failed Achieved RPS"
    " Min (ms) Max (ms) Avg (ms)"
)
SHORT = ("--steps", "100x0.5", "--connections", "5")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an echo server."""
    with echo("--answers", "sse") as address:
        yield f"http://{address}/mcp"


@pytest.fixture(scope="module")
def proxied(server: str) -> Iterator[str]:
    """The URL of a proxy before it."""
    with proxy("--upstream", server) as address:
        yield f"http://{address}/mcp"


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    """The result of a load test, from its file."""
    assert main([*arguments, "--out", str(folder)]) in (0, 1)
    [result] = json.loads((folder / "load.json").read_text())
    return dict(result)


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize("sessions", ["shared", "unique"])
def test_every_call_is_sent_and_has_its_outcome(
    proxied: str, version: str, sessions: str, tmp_path: Path
) -> None:
    options = ("--protocol", version, "--sessions", sessions, "--tool", "echo=3", "--tool", "fail")

    result = run(tmp_path, "--url", proxied, *SHORT, *options)

    assert (result["expected"], result["sent"], result["reasons"]) == (50, 50, {"isError": 13})
    assert result["tools"] == {"echo": {"ok": 37}, "fail": {"tool_error": 13}}
    assert (result["success"], result["failed"]) == (37, 13)
    assert sum(each["sent"] for each in result["intervals"]) == 50
    assert 0 < result["latency"]["min"] <= result["latency"]["p50"] <= result["latency"]["p999"]


def test_the_same_seed_makes_the_same_calls(server: str, tmp_path: Path) -> None:
    def drawn(name: str, seed: str) -> tuple[int, object]:
        options = ("--tool", "echo", "--tool", "fail", "--arrivals", "poisson", "--seed", seed)
        result = run(tmp_path / name, "--url", server, "--steps", "100x1", *options)
        return result["expected"], result["tools"]

    assert drawn("a", "1") == drawn("b", "1") != drawn("c", "2")


def test_latency_counts_from_when_a_call_was_due(server: str, tmp_path: Path) -> None:
    slow = ("--tool", "sleep", "--arguments", 'sleep={"seconds": 0.1}')

    result = run(tmp_path, "--url", server, *slow, "--steps", "50x0.4", "--connections", "1")

    # Twenty calls, one after the other: the last is answered after 2 s, and due after 0.38 s.
    assert (result["sent"], result["success"]) == (20, 20)
    assert result["waited"] >= 18
    assert result["latency"]["min"] >= 0.1
    assert result["latency"]["max"] >= 1.6


def test_calls_of_a_server_that_does_not_answer_time_out(server: str, tmp_path: Path) -> None:
    slow = ("--tool", "sleep", "--arguments", 'sleep={"seconds": 30}', "--timeout", "0.3")

    result = run(tmp_path, "--url", server, *slow, "--steps", "100x0.2", "--connections", "2")

    assert result["outcomes"] == {"timeout": result["sent"]}
    assert result["expected"] == 20
    assert 2 <= result["sent"] < 20
    assert "could not be sent in time" in (tmp_path / "load.txt").read_text()


def test_the_table_of_the_posts_is_text_and_csv(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "--url", server, *SHORT)

    printed = capsys.readouterr().out
    head, row, *_ = printed.splitlines()
    assert " ".join(head.split()) == HEAD
    assert row.split()[:8] == ["streamable-20", "5", "0.5", "100", "50", "50", "50", "0"]
    assert (tmp_path / "load.txt").read_text() == printed
    [line] = csv.DictReader(io.StringIO((tmp_path / "load.csv").read_text()))
    assert (line["Test"], line["Actual"], line["ok"]) == ("streamable-20", "50", "50")
    assert float(line["p50 (ms)"]) <= float(line["p99.9 (ms)"])


def test_several_scenarios_are_one_table(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["unique-20,streamable-20", "--url", server, *SHORT]) in (0, 1)

    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:3]]
    assert rows == ["unique-20", "streamable-20"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_the_result_so_far(
    server: str, tmp_path: Path, number: signal.Signals
) -> None:
    command = (sys.executable, "-m", "lab.load", "--url", server, "--steps", "50x600")
    process = subprocess.Popen(
        (*command, "--out", str(tmp_path)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    next(line for line in process.stderr if b" ok " in line)

    process.send_signal(number)
    output, _ = process.communicate(timeout=20)

    assert process.returncode == 128 + number
    [result] = json.loads((tmp_path / "load.json").read_text())
    assert result["interrupted"]
    assert 0 < result["success"] <= result["sent"] <= result["expected"] < 30_000
    assert b"interrupted after" in output


def test_a_generator_that_is_late_is_not_valid(server: str, tmp_path: Path) -> None:
    # More calls at once than an event loop can send within the allowed lag.
    options = ("--steps", "60000x0.01", "--connections", "600")
    assert main(["--url", server, *options, "--out", str(tmp_path)]) == 1

    [result] = json.loads((tmp_path / "load.json").read_text())
    assert not result["valid"]
    assert "invalid: the generator was late" in (tmp_path / "load.txt").read_text()


MISTAKES = {
    "nothing-listens": "http://127.0.0.1:1/mcp: Connection refused",
    "--steps 5": "RATExSECONDS",
    "--tool absent": 'no tool "absent"; choose --tool from echo, fail, sleep, garble, crash',
    "--tool echo=0": "weight above 0",
    "--arguments echo=5": "NAME=JSON",
    "--connections 0": "a number from 1 on",
    "--connections 10000000000": "ulimit -Hn",
    "--timeout 0": "a number of seconds",
    "--header x": "NAME:VALUE",
    "--protocol 2024-11-05": "2025-11-25",
    "--url nowhere": "'nowhere' is not a URL",
}


@pytest.mark.parametrize("words", [*MISTAKES, "absent", "streamable-20,absent"])
def test_a_mistake_is_one_line(
    words: str, server: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = "--url http://127.0.0.1:1/mcp" if words == "nothing-listens" else words
    url = () if "--url" in given else ("--url", server)

    assert main([*given.split(), *url, "--out", str(tmp_path / "out")]) == 2

    error = capsys.readouterr().err
    assert MISTAKES.get(words, '"absent" is not a scenario; choose from stdio-20') in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, "nothing here", "HTTP 404, nothing here"),
        (200, "<html>", "HTTP 200 without a JSON-RPC answer, <html>"),
        (500, "", "HTTP 500"),
        (404, "\x1b[2Jred", r"HTTP 404, \?\[2Jred"),
        (200, {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}}, "error 1 no"),
        (200, {"jsonrpc": "2.0", "id": 1, "result": []}, "initialize: no result"),
        (200, {"jsonrpc": "2.0", "id": 1, "result": {}}, "initialize: no protocolVersion"),
    ],
)
def test_a_target_that_is_not_an_mcp_server_is_one_line(
    status: int, body: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(status, body) as url:
        assert main(["--url", url]) == 2

    error = capsys.readouterr().err
    assert re.fullmatch(rf"load: {url}: .*{reason}.*\n", error)


class NeverEnding(Handler):
    """Answers by event streams that stay open."""

    def do_POST(self) -> None:
        request = json.loads(self.body())
        result = {"protocolVersion": "2025-11-25", "tools": [{"name": "echo", "inputSchema": {}}]}
        answer = json.dumps({"jsonrpc": "2.0", "id": request.get("id"), "result": result})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {answer}\n\n".encode())
        self.wfile.flush()
        if "id" in request:
            self.rfile.read(1)  # Until the client closes.


def test_a_stream_that_stays_open_after_the_answer_is_closed(tmp_path: Path) -> None:
    with serving(NeverEnding) as url:
        result = run(tmp_path, "--url", url, "--steps", "20x0.5", "--connections", "2")

    assert (result["sent"], result["outcomes"]) == (10, {"ok": 10})


def test_results_are_not_overwritten(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "load.csv").write_text("before")

    assert main(["--url", server, "--out", str(tmp_path)]) == 2

    assert "load.csv exists" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["load.csv"]
