"""The echo server over stdio."""

import json
import subprocess
import sys
from pathlib import Path

from lab.echo.messages import CRASH_CODE
from tests.lab.echo.running import end, run_echo
from tests.lab.echo.test_messages import call, request


def test_stdio_answers_line_by_line_and_ends_with_its_input() -> None:
    process = run_echo("--transport", "stdio")
    sent = [call("sleep", seconds=50), call("echo", text="hi"), request("nonsense")]
    lines = [json.dumps(each) for each in sent] + ["{not json"]
    output, complaint = process.communicate("\n".join(lines) + "\n", timeout=30)
    answers = [json.loads(line) for line in output.splitlines()]
    assert answers[0]["result"]["content"][0]["text"] == "hi"
    assert [each["error"]["code"] for each in answers[1:]] == [-32601, -32700]
    assert (process.returncode, complaint) == (0, "")


def test_stdio_drops_a_cancelled_answer() -> None:
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    process = run_echo("--transport", "stdio")
    assert process.stdin is not None
    assert process.stdout is not None
    later = request("tools/call", name="sleep", arguments={"seconds": 0.2}) | {"id": 2}
    for message in (call("sleep", seconds=0.1), cancel, later):
        process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["id"] == 2
    end(process)


def test_requests_with_the_same_id_are_both_answered() -> None:
    process = run_echo("--transport", "stdio")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(call('sleep', seconds=0.01))}\n" * 2)
    process.stdin.flush()
    assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [1, 1]
    assert process.communicate(timeout=30) == ("", "")


def test_a_crash_ends_the_process_without_an_answer() -> None:
    command = [sys.executable, "-m", "lab.echo", "--transport", "stdio"]
    line = json.dumps(call("crash")).encode() + b"\n"
    done = subprocess.run(command, input=line, capture_output=True, timeout=20, check=False)
    assert done.returncode == CRASH_CODE
    assert done.stdout == b""


def test_a_file_as_input_is_answered_to_its_end(tmp_path: Path) -> None:
    """As is /dev/null; an event loop cannot poll either."""
    command = [sys.executable, "-m", "lab.echo", "--transport", "stdio"]
    file = tmp_path / "messages"
    file.write_text(json.dumps(request("ping")) + "\n")
    for path, answers in ((file, 1), (Path("/dev/null"), 0)):
        with path.open("rb") as given:
            done = subprocess.run(
                command, stdin=given, capture_output=True, timeout=20, check=False
            )
        assert (done.returncode, done.stdout.count(b"\n")) == (0, answers), done.stderr
