"""A running demo announces where its parts are, and is found for as long as it runs."""

import json
import subprocess
from pathlib import Path

import pytest

from lab.local import running_demo as running


def test_the_demo_that_started_last_is_found_while_it_runs(tmp_path: Path) -> None:
    old, new = tmp_path / "20260101-000000-a", tmp_path / "20260102-000000-b"
    old.mkdir()
    new.mkdir()
    assert running.running_demo(tmp_path) is None
    first = running.Demo("http://127.0.0.1:1", "http://127.0.0.1:2")
    server = running.DemoServer("echo", "http://127.0.0.1:5/mcp", "http://127.0.0.1:6/metrics")
    second = running.Demo("http://127.0.0.1:3", "http://127.0.0.1:4", servers=(server,))
    with running.announced(old, first):
        with running.announced(new, second):
            assert running.running_demo(tmp_path) == second
        assert running.running_demo(tmp_path) == first
    assert running.running_demo(tmp_path) is None


def test_a_killed_demo_is_not_found(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    (tmp_path / "20260101-000000-a").mkdir()
    demo = {"prometheus": "http://127.0.0.1:1", "jaeger": "http://127.0.0.1:2"}
    said = {"pid": ended.pid, "demo": demo}
    (tmp_path / "20260101-000000-a" / "demo.json").write_text(json.dumps(said))
    assert running.running_demo(tmp_path) is None


@pytest.mark.parametrize("said", ["", '{"pid": ', "[]", "null", "{}", '{"pid": 1}'])
def test_a_demo_that_says_something_else_hides_none_that_runs(said: str, tmp_path: Path) -> None:
    other = tmp_path / "20260102-000000-b"
    other.mkdir()
    (other / "demo.json").write_text(said)
    assert running.running_demo(tmp_path) is None
    demo = running.Demo("http://127.0.0.1:1", "http://127.0.0.1:2")
    (tmp_path / "20260101-000000-a").mkdir()
    with running.announced(tmp_path / "20260101-000000-a", demo):
        assert running.running_demo(tmp_path) == demo


def test_a_demo_that_fails_leaves_the_reason_and_one_that_ends_none(tmp_path: Path) -> None:
    with running.announced(tmp_path, running.Demo("a", "b")) as ended:
        assert ended.runs()
    assert not ended.runs()
    assert ended.failure() == ""
    with (
        pytest.raises(RuntimeError),
        running.announced(tmp_path, running.Demo("a", "b")) as failed,
    ):
        raise RuntimeError("jaeger was ended by SIGKILL")
    assert not failed.runs()
    assert failed.failure() == "jaeger was ended by SIGKILL"
