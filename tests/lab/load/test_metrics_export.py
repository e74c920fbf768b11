"""The figures of a running test, in a real Prometheus: every panel of the generator has data."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboards import BOARDS
from dashboards.promql.schema import Source
from dashboards.queries import concrete, queries
from lab.binaries.find import ensure
from lab.load.run import main
from lab.local.ports import LOOPBACK, free_ports
from lab.prometheus_api import Prometheus, Unreachable, has_data
from tests.lab.load.echo import echo
from tests.lab.scripted import answering
from tests.waiting import until

pytestmark = pytest.mark.slow

SECONDS = 60.0


@contextmanager
def prometheus(folder: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes nothing, and takes OTLP as that of the demo."""
    address = f"{LOOPBACK}:{free_ports(1)[0]}"
    (folder / "prometheus.yaml").write_text("{}")
    command = (
        str(ensure(["prometheus"], environ=os.environ)["prometheus"]),
        f"--config.file={folder}/prometheus.yaml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
        "--web.enable-otlp-receiver",
    )
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(timeout=20)


def ready(api: Prometheus) -> bool:
    try:
        api.query("1")
    except Unreachable:
        return False
    return True


def test_every_panel_of_the_generator_shows_the_test(tmp_path: Path) -> None:
    asked = [
        concrete(each.expr, window="5m", namespace="mine", server="search")
        for board in BOARDS
        for each in queries(board)
        if each.needs is Source.LOAD_GENERATOR
    ]
    with prometheus(tmp_path) as api, echo() as address:
        until(lambda: ready(api), seconds=SECONDS, what="Prometheus")
        target = ("--url", f"http://{address}/mcp", "--server", "search", "--namespace", "mine")
        metrics = ("--metrics", f"{api.url}/api/v1/otlp/v1/metrics")
        mix = ("--tool", "echo", "--tool", "fail", "--steps", "50x4")
        assert main([*target, *metrics, *mix]) in (0, 1)

        assert [expr for expr in asked if not has_data(api.query(expr))] == []
        labels = 'namespace="mine",server="search",transport="streamable-http"'
        labels += ',test="streamable-20",job="lab.load"'
        counted = {
            name: sum(each.value for each in api.query(f"{name}{{{labels}}}"))
            for name in ("mcp_load_calls_due_total", "mcp_load_calls_total")
        }
        by_outcome = api.query(f"mcp_load_calls_total{{{labels}}}")
    assert asked
    assert counted == {"mcp_load_calls_due_total": 200, "mcp_load_calls_total": 200}
    assert {each.labels["outcome"] for each in by_outcome} == {"ok", "tool_error"}


@pytest.mark.parametrize(("status", "reason"), [(404, "404 not here"), (None, "refused")])
def test_an_endpoint_that_takes_no_metrics_is_one_line(
    status: int | None, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with echo() as address, answering(status or 404, "not here") as url:
        metrics = url if status else "http://127.0.0.1:1/v1/metrics"
        assert main(["--url", f"http://{address}/mcp", "--metrics", metrics]) == 2

    error = capsys.readouterr().err
    assert error.startswith(f"load: --metrics {metrics}: ")
    assert reason in error
    assert error.count("\n") == 1
