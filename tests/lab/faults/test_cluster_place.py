"""The command that switches faults on, on a stack's cluster: what it refuses, in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.fault import run as fault
from lab.faults.cluster.place import cluster_place
from tests.lab.doctor.cluster.conftest import deployed
from tests.lab.doctor.cluster.test_find_stack import file_of, written
from tests.stacks.stack import HTTP, STDIO, TOOLHIVE

SERVERS = [TOOLHIVE, HTTP, STDIO]
Lines = Callable[..., str]
"""Runs the command with these words; returns the only line that it prints."""


@pytest.fixture
def line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Lines:
    def ran(*words: str, code: int = 2, takes: bool = True, **config: Any) -> str:
        given = {"servers": SERVERS, "faultInjection": True, **config}
        with deployed(**{**given, "faultInjection": takes}).stack() as there:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            written(folder, **given)
            file = file_of(folder, there.access.server)
            environ = {"KUBECONFIG": file}
            monkeypatch.setattr(
                fault, "cluster_place", lambda name, _: cluster_place(name, environ, folder)
            )
            assert fault.main((*words, "--stack", "mine")) == code
        output = capsys.readouterr()
        [printed] = (output.err if code else output.out).splitlines()
        return printed

    return ran


def test_a_stack_that_does_not_take_faults_says_how_it_would(line: Lines) -> None:
    expected = (
        "fault: stack mine takes no faults: pulumi config set faultInjection true --stack mine,"
        " then pulumi up --refresh --stack mine"
    )
    for words in (("hang",), ("collector-stopped",), ("mystery", "--seed", "1")):
        assert line(*words, faultInjection=False) == expected
    assert line("status", code=0, faultInjection=False) == "no fault is on"
    assert line("hang", takes=False) == (
        "fault: no pod of search takes faults: pulumi up --refresh --stack mine"
    )


def test_a_fault_needs_a_server_behind_this_projects_proxy(line: Lines) -> None:
    assert line("hang", "--server", "serach") == (
        "fault: --server (make: SERVER=) serach: did you mean search?"
        " hang is for servers: search, echo"
    )
    assert line("stream-cut", "--server", "fetch") == (
        "fault: --server (make: SERVER=) fetch: stream-cut is for HTTP servers: search"
    )


def test_what_a_cluster_cannot_have_is_refused_with_the_reason(line: Lines) -> None:
    assert line("jaeger-slow") == (
        "fault: jaeger-slow: the cluster resizes no running pod, which Kubernetes does since 1.33;"
        " or try jaeger-stopped"
    )
    assert line("jaeger-stopped", components={"traces": "none"}) == (
        "fault: jaeger-stopped: stack mine does not install jaeger"
    )


def test_a_list_for_a_cluster_has_the_levels_that_it_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fault.main(("list", "--stack", "mine")) == 0
    lines = {each.split()[0]: each for each in capsys.readouterr().out.splitlines()}
    assert {"hang", "jaeger-stopped"} <= lines.keys()
    assert "level: CPU limit from 10m to 1000m (20m), by default 20m" in lines["jaeger-slow"]


def test_a_cluster_that_is_not_there_is_one_line(
    line: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, servers=[HTTP])
    environ = {"KUBECONFIG": file_of(tmp_path, "http://127.0.0.1:1")}
    monkeypatch.setattr(
        fault, "cluster_place", lambda name, _: cluster_place(name, environ, tmp_path)
    )
    for words, start in (
        (("hang", "--stack", "mine"), "fault: the cluster cannot be read: "),
        (("reset", "--stack", "mien"), "fault: STACK=mien: "),
    ):
        assert fault.main(words) == 2
        [printed] = capsys.readouterr().err.splitlines()
        assert printed.startswith(start)
