"""The command that switches faults on and off: what it writes, prints and refuses."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.fault import run as fault
from lab.faults import place
from lab.faults.catalogue import LIVE_FAULTS
from lab.faults.changes import FAULTS_FILE, write_applied
from lab.local.running_demo import Demo, DemoServer
from proxy.faults.injections import InjectionFile, read
from tests.waiting import until

HTTP = DemoServer("web", "http://a/mcp", "http://a/metrics", "streamable-http")
STDIO = DemoServer("pipe", "http://b/mcp", "http://b/metrics", "stdio")
BROKEN = DemoServer("broken", "http://c/mcp", "http://c/metrics")

Run = Callable[..., str]
"""Runs the command with these words; returns what it prints."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of faults of a demo with two servers, and one that has a fault anyway."""
    path = tmp_path / FAULTS_FILE
    demo = Demo("http://p", "http://j", servers=(STDIO, HTTP, BROKEN), faults=str(path))
    monkeypatch.setattr(place, "running_demo", lambda: demo)
    return path


@pytest.fixture
def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*words: str) -> str:
        assert fault.main(words) == 0, capsys.readouterr().err
        return capsys.readouterr().out.rstrip("\n")

    return ran


def on(path: Path) -> list[tuple[str, str, str]]:
    return [(each.fault, each.level, each.server) for each in InjectionFile(path).active()]


def test_every_fault_has_a_line_with_its_levels(run: Run) -> None:
    lines = run("list").splitlines()
    assert run().splitlines() == lines
    assert [line.split()[0] for line in lines] == list(LIVE_FAULTS)
    assert all("level" in line for line in lines)


def test_a_fault_is_on_with_its_level_until_it_is_reset(run: Run, path: Path) -> None:
    assert run("status") == "no fault is on"
    assert run("tool-errors", "--level", "30%", "--server", "web") == (
        "on: tool-errors 30% on web, until reset"
    )
    assert on(path) == [("tool-errors", "30%", "web")]
    assert run("status") == "tool-errors 30% on web, until reset"
    assert run("reset") == "ended: tool-errors 30% on web"
    assert on(path) == []
    assert run("reset") == "no fault is on"


def test_without_options_it_is_the_usual_level_on_the_first_server_that_can_have_it(
    run: Run, path: Path
) -> None:
    run("hang")
    run("stream-cut")
    run("jaeger-stopped")
    assert on(path) == [
        ("hang", "100%", "pipe"),
        ("stream-cut", "50%", "web"),
        ("jaeger-stopped", "", ""),
    ]


def test_a_second_start_changes_the_level(run: Run, path: Path) -> None:
    run("latency", "--level", "200ms")
    run("latency", "--level", "p50=100ms,p99=2s")
    run("latency", "--server", "web")
    assert on(path) == [("latency", "p50=100ms,p99=2s", "pipe"), ("latency", "1s", "web")]


def test_a_second_start_keeps_the_time_of_the_first(run: Run, path: Path) -> None:
    run("collector-slow")
    first = read(path).injections[0].started
    for level in ("3s", "4s"):
        run("collector-slow", "--level", level)
        [found] = read(path).injections
        assert found.level == level
        assert found.started > found.first_started == first


def test_one_fault_can_be_reset_by_its_name(run: Run, path: Path) -> None:
    run("hang")
    run("tool-errors")
    assert run("reset", "hang") == "ended: hang 100% on pipe"
    assert run("reset", "hang") == "no fault is on"
    assert on(path) == [("tool-errors", "50%", "pipe")]


def test_a_fault_ends_by_itself_after_its_seconds(run: Run, path: Path) -> None:
    before = time.time()
    assert "ends in 3600 s" in run("hang", "--seconds", "3600")
    [hang] = read(path).injections
    assert before + 3600 <= hang.ends <= time.time() + 3600 if hang.ends else False
    run("hang", "--seconds", "0.001")
    until(lambda: run("status") == "no fault is on", seconds=30, what="its end")


def test_reset_waits_until_the_demo_has_undone_what_it_did(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("collector-stopped")
    write_applied(path, read(path).injections)
    waits: list[float] = []

    def undo(seconds: float) -> None:
        waits.append(seconds)
        write_applied(path, ())

    monkeypatch.setattr(time, "sleep", undo)
    assert run("reset") == "ended: collector-stopped"
    assert len(waits) == 1


def test_a_proxy_that_does_not_report_a_fault_in_time_is_one_line(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mute = DemoServer("mute", "http://d/mcp", "http://127.0.0.1:1/", "stdio", injects=True)
    demo = Demo("http://p", "http://j", servers=(mute,), faults=str(path))
    monkeypatch.setattr(place, "running_demo", lambda: demo)
    monkeypatch.setattr(place, "TAKEN_SECONDS", 0.0)
    expected = "fault: the proxy of mute does not report it within 0 s; see the demo's output\n"
    for words in (("hang",), ("reset",)):
        assert fault.main(words) == 2
        assert capsys.readouterr().err == expected
    assert on(path) == []


def test_a_mystery_follows_from_its_seed_and_is_named_only_when_revealed(
    run: Run, path: Path
) -> None:
    assert run("mystery", "--seed", "7") == "on: mystery (seed 7), until reset"
    [(name, level, server)] = on(path)
    assert run("status") == "mystery (seed 7), until reset"
    assert run("reset", "mystery") == "ended: mystery (seed 7)"
    assert f"{name} {level} on {server}".rstrip() in run("reveal") or not server
    assert LIVE_FAULTS[name].what in run("reveal")
    run("mystery", "--seed", "7")
    assert on(path) == [(name, level, server)]
    seeds = set()
    for seed in range(40):
        run("reset")
        run("mystery", "--seed", str(seed))
        seeds |= set(on(path))
    assert len(seeds) > 10


def test_a_mystery_does_not_answer_to_its_real_name(run: Run, path: Path) -> None:
    run("mystery", "--seed", "7")
    [(name, _, _)] = on(path)
    assert run("reset", name) == "no fault is on"
    assert len(on(path)) == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("tool-error",), '"tool-error" is not a fault; did you mean tool-errors? choose from '),
        (("gremlins",), '"gremlins" is not a fault; choose from tool-errors, '),
        (("server-hangs",), "a demo has server-hangs from its start: make demo FAULT=server-hangs"),
        (("reset", "gremlins"), '"gremlins" is not a fault; choose from tool-errors, '),
        (("hang", "crash"), '"crash": one name only; '),
        (
            ("tool-errors", "--level", "300%"),
            "--level (make: LEVEL=) 300%: tool-errors takes a percentage of calls, such as 20%",
        ),
        (
            ("jaeger-stopped", "--level", "1s"),
            "--level (make: LEVEL=) 1s: jaeger-stopped has no level; ",
        ),
        (
            ("stream-cut", "--server", "pipe"),
            "--server (make: SERVER=) pipe: stream-cut is for HTTP servers: web",
        ),
        (
            ("hang", "--server", "broken"),
            "--server (make: SERVER=) broken: hang is for servers: pipe, web",
        ),
        (
            ("hang", "--server", "x"),
            "--server (make: SERVER=) x: hang is for servers: pipe",
        ),
        (
            ("jaeger-slow", "--server", "web"),
            "--server (make: SERVER=) web: jaeger-slow is of the pipeline; ",
        ),
        (
            ("label-bomb", "--level", "10001"),
            "--level (make: LEVEL=) 10001: label-bomb takes a number from 1 to 10000, such as 50",
        ),
        (
            ("hang", "--seconds", "0"),
            "--seconds (make: SECONDS=): '0' is not a number of seconds from 0.001 to 86400; ",
        ),
        (("hang", "--seed", "1"), "--seed (make: SEED=): not for hang; leave it out"),
        (("status", "--server", "web"), "--server (make: SERVER=): not for status; leave it out"),
        (("mystery",), "mystery needs --seed (make: SEED=), any"),
        (("mystery", "--seed", "x"), "--seed (make: SEED=): 'x' is not a number from 0 on; "),
        (("reveal",), "there was no mystery; "),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    assert fault.main(words) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith(f"fault: {line}")
    assert found.err.count("\n") == 1
    assert not path.exists()


def test_two_faults_of_one_process_exclude_each_other(
    run: Run, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("collector-slow")
    assert fault.main(("collector-stopped",)) == 2
    expected = "fault: collector-stopped: collector-slow is on; reset it first\n"
    assert capsys.readouterr().err == expected
    run("jaeger-stopped")
    assert [name for name, _, _ in on(path)] == ["collector-slow", "jaeger-stopped"]


def test_without_a_demo_there_is_nothing_to_break(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "running_demo", lambda: None)
    for words in (("hang",), ("reset",), ("status",), ("reveal",), ("mystery", "--seed", "1")):
        assert fault.main(words) == 2
        expected = "fault: no demo is running here: start `make demo`, or name a cluster's stack\n"
        assert capsys.readouterr().err == expected
    assert fault.main(("list",)) == 0
