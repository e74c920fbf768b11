"""What is asked of a demo's parts, of Prometheus and of the trace store, and why it may fail."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lab.faults.changes import FAULTS_FILE, change
from lab.jaeger_api import Jaeger
from lab.local.running_demo import Demo, DemoPart, DemoServer, announced
from lab.prometheus_api import Prometheus
from lab.watch.snapshot import Part
from lab.watch.sources import PartProbe, Sources, figures_of, memory_bytes, trace_of
from proxy.faults.injections import Faults, Injection
from tests.lab.scripted import answering
from tests.waiting import until

CLOSED = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("status", "body", "expected", "reason"),
    [
        (200, "", 200, ""),
        (404, "", 404, ""),
        (503, "upstream:\nConnection refused", 200, "HTTP 503: upstream: Connection refused"),
    ],
)
def test_a_part_is_ready_if_it_answers_as_its_start_was_waited_for(
    status: int, body: str, expected: int, reason: str
) -> None:
    with answering(status, body) as url:
        assert PartProbe(DemoPart("a", url, expected))() == Part("a", reason)


def test_a_part_that_has_ended_is_not_one_that_hangs() -> None:
    assert PartProbe(DemoPart("a", CLOSED))().reason.endswith("Connection refused")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert PartProbe(DemoPart("a", url))().reason == "no answer within 2 s"


def test_why_there_are_no_figures_and_no_trace() -> None:
    demo = Demo(CLOSED, CLOSED, servers=(DemoServer("echo", "", ""),))
    figures, why = figures_of(demo, Prometheus(CLOSED))
    assert figures is None
    assert why.endswith("Connection refused")
    trace, why = trace_of(demo, Jaeger(CLOSED))
    assert trace is None
    assert why.endswith("Connection refused")


def test_the_newest_trace_is_that_which_began_last() -> None:
    def span(name: str, start: float) -> dict[str, object]:
        common = {"spanID": "a", "references": [], "tags": [], "processID": "p", "duration": 5}
        return {"traceID": name, "operationName": name, "startTime": start, **common}

    processes = {"p": {"serviceName": "echo"}}
    data = [{"processes": processes, "spans": [span(f"t{n}", n)]} for n in (1, 3, 2)]
    with answering(200, {"data": data}) as url:
        demo = Demo(CLOSED, url, servers=(DemoServer("echo", "", ""),))
        found, why = trace_of(demo, Jaeger(url))
    assert found is not None
    assert (found.root.trace_id, why) == ("t3", "")


def test_memory_is_that_of_a_process_and_its_children() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with_child = memory_bytes(os.getpid())
        assert with_child > memory_bytes(child.pid) > 0
    finally:
        child.communicate()
    assert memory_bytes(child.pid) == 0


def test_what_hangs_does_not_delay_the_rest(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, answering(200, "") as url:
        hangs = f"http://127.0.0.1:{silent.getsockname()[1]}"
        server, parts = DemoServer("echo", "", ""), (DemoPart("a", hangs), DemoPart("b", url))
        demo = Demo(hangs, CLOSED, "hybrid", servers=(server,), parts=parts)
        with announced(tmp_path, demo) as running, closing(Sources(running)) as asked:
            until(lambda: asked.snapshot().trace_note, seconds=30)
            until(lambda: asked.snapshot().parts[1] == Part("b"), seconds=30)
            until(lambda: asked.snapshot().parts[0].reason, seconds=30)
            assert not asked.snapshot().complete


def test_faults_are_those_that_are_on_now(tmp_path: Path) -> None:
    file = tmp_path / FAULTS_FILE
    ended = Injection("crash", "", "echo", started=0.0, ends=1.0)
    change(file, lambda _: Faults((Injection("latency", "1s", "echo", 0.0), ended)))
    with (
        announced(tmp_path, Demo(CLOSED, CLOSED, faults=str(file))) as running,
        closing(Sources(running)) as asked,
    ):
        assert asked.snapshot().faults == ("latency 1s on echo",)
