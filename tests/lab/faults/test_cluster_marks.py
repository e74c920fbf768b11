"""The marks of faults of a stack's pipeline: which samples, and that Prometheus takes them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from lab.faults.cluster.marks import TAKEN_SECONDS, Marks, samples
from proxy.faults.injections import Injection
from proxy.telemetry.catalogue import INJECTED_FAULT
from stacks.config import PASSWORD, parse
from stacks.endpoints import PROMETHEUS_SERVICE
from tests.lab.doctor.cluster.conftest import MONITORING, deployed
from tests.lab.doctor.cluster.test_examine import forward
from tests.lab.doctor.cluster.test_port_forward import api
from tests.lab.load.test_metrics_export import prometheus, ready
from tests.lab.scripted import answering
from tests.stacks.stack import GOOD_PASSWORD
from tests.waiting import until

EXISTING = {"prometheus": {"url": f"http://{PROMETHEUS_SERVICE}.monitoring.svc:9090"}}


def stopped(started: float, part: str = "jaeger") -> Injection:
    return Injection(f"{part}-stopped", "", "", started)


@contextmanager
def marks(url: str, *, without: str = "", **config: Any) -> Iterator[Marks]:
    """Those of a stack whose pods have the ports of a URL; `without` is an object it lacks."""
    listed = deployed(**config)
    listed.every.pop(without, None)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/portforward"):
            return await forward(request, url)
        return web.json_response({"items": listed.items(request.path)})

    with api(answer) as access:
        parsed = parse({**listed.config, PASSWORD: GOOD_PASSWORD})
        yield Marks(access, parsed, "pulumi up --stack mine")


def test_a_fault_has_a_sample_at_its_start_and_those_of_all_its_time_when_it_has_ended() -> None:
    labels = ("jaeger-stopped", "", "")
    assert list(samples([stopped(100.0)], None)) == [(labels, 100.0, 1)]
    found = list(samples([stopped(100.0)], 103.5))
    assert found == [(labels, each, 1) for each in (100.0, 101.0, 102.0)] + [(labels, 103.5, 0)]
    assert list(samples([stopped(100.0)], 100.5)) == [(labels, 100.0, 1), (labels, 100.5, 0)]
    changed = Injection("jaeger-slow", "50m", "", 102.5, replaced=100.0)
    assert [each.time for each in samples([changed], 103.0)] == [100.0, 101.0, 102.0, 103.0]
    # Of a command whose clock is ahead.
    assert list(samples([stopped(100.0)], 99.0)) == []


def test_a_long_fault_has_no_samples_that_prometheus_would_not_take() -> None:
    *on, off = samples([stopped(100.0)], 100_000.0)
    assert on[0].time == 100_000.0 - TAKEN_SECONDS
    assert len(on) == TAKEN_SECONDS
    assert off.time == 100_000.0


@pytest.mark.slow
def test_a_prometheus_takes_both_and_a_board_shows_all_the_time(tmp_path: Path) -> None:
    now = time.time()
    with prometheus(tmp_path) as real, marks(real.url) as stack:
        until(lambda: ready(real), seconds=60, what="Prometheus")
        # What else it has is of now.
        assert stack.write([stopped(now - 1, "collector")], now) == ""
        begun, long = stopped(now - 600, "prometheus"), stopped(now - 9000)
        assert stack.write([begun], None) == ""
        assert stack.write([begun, long], now) == ""
        for fault, age, expected in (
            (begun, 30, 1),
            (begun, 570, 1),
            (begun, 0, 0),
            (long, 3000, 1),
        ):
            selector = f'{INJECTED_FAULT.series}{{fault="{fault.fault}"}}[20s]'
            [found] = real.query(f"last_over_time({selector})", at=now - age)
            assert found.value == expected, (fault, age)


@pytest.mark.parametrize(
    ("status", "config", "reason"),
    [
        (404, {}, "Prometheus takes no OTLP: pulumi up --stack mine"),
        (
            404,
            {"components": EXISTING},
            "Prometheus takes no OTLP: start it with --web.enable-otlp-receiver",
        ),
        (503, {}, "Prometheus: HTTP 503: not now"),
        (
            200,
            {"without": f"EndpointSlice/{MONITORING}/{PROMETHEUS_SERVICE}"},
            f"no pod of monitoring/{PROMETHEUS_SERVICE} is ready",
        ),
        (
            200,
            {"components": {"prometheus": {"url": "https://metrics.example.org"}}},
            "https://metrics.example.org is not in the cluster",
        ),
    ],
)
def test_why_a_fault_is_not_marked_is_one_line(
    status: int, config: dict[str, Any], reason: str
) -> None:
    with answering(status, "not\nnow") as url, marks(url, **config) as stack:
        assert stack.write([stopped(100.0)], None) == reason
        assert stack.write([], None) == ""


def test_without_a_way_to_prometheus_the_reason_is_that_of_the_api_server() -> None:
    with marks("http://127.0.0.1:1") as stack:
        assert "127.0.0.1" in stack.write([stopped(100.0)], None)
