"""A stack's API, which only lists objects, before a pipeline that runs: each architecture.

The ports of its pods are those of local processes. tests/node has a real cluster.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from lab.doctor.cluster.examine import examine_on
from lab.doctor.cluster.find_stack import ClusterStack
from lab.doctor.finding import Finding
from lab.http_page import read_page
from lab.local.programs import PROMETHEUS_FILE
from lab.local.run_options import HTTP_SERVER
from stacks.config import PASSWORD, parse
from stacks.endpoints import COLLECTOR_SERVICE, PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.kubeconfig import Cluster
from tests.lab.doctor.cluster.conftest import MONITORING, SERVERS, Listed, deployed, slice_of
from tests.lab.doctor.cluster.test_port_forward import accepted, api
from tests.lab.doctor.conftest import Lab, Settings
from tests.lab.doctor.test_metrics_hops import address, jobs
from tests.stacks.stack import GOOD_PASSWORD, HTTP

pytestmark = pytest.mark.slow

POD = "search-1"
LABS = {
    "otel-scrape": "pushed",
    "otel-remote-write": "written",
    "direct-scrape": "scraped",
    "hybrid": "scraped",
}


def as_deployed(architecture: str) -> Listed:
    """The objects of a stack with the pipeline's HTTP server."""
    listed = deployed(
        architecture=architecture,
        servers=[{**HTTP, "name": HTTP_SERVER, "path": "/mcp"}],
        pushIntervalSeconds=5,
        scrapeIntervalSeconds=5,
    )
    containers = [{"name": "proxy", "ready": True, "state": {"running": {}}}]
    listed.every[f"Pod/{SERVERS}/{POD}"]["status"]["containerStatuses"] = containers
    listed.add(slice_of(HTTP_SERVER, SERVERS, POD))
    return listed


@contextmanager
def on_cluster(lab: Lab, listed: Listed) -> Iterator[ClusterStack]:
    """The stack that an API server shows, whose pods are the pipeline's processes."""
    hops = lab.hops
    ports = {
        (POD, PROXY_MCP_PORT): hops.mcp,
        (POD, PROXY_METRICS_PORT): hops.metrics,
        ("prometheus-0", 9090): hops.prometheus,
        ("jaeger-1", 16686): str(hops.jaeger),
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/proxy/metrics"):
            return web.Response(text=await asyncio.to_thread(read_page, str(hops.collected)))
        if request.path.endswith("/portforward"):
            pod = request.path.split("/")[-2]
            return await forward(request, ports[pod, int(request.query["ports"])])
        return web.json_response({"items": listed.items(request.path)})

    parsed = parse({**listed.config, PASSWORD: GOOD_PASSWORD})
    with api(answer) as access:
        yield ClusterStack("mine", Cluster("test", access, "a test"), parsed, parsed.servers[0])


async def forward(request: web.Request, url: str) -> web.WebSocketResponse:
    """Pass bytes on to the address of a URL, as a kubelet does."""
    socket = await accepted(request)
    parts = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError as error:
        await socket.send_bytes(b"\x01" + str(error).encode())
        return socket

    async def back() -> None:
        while data := await reader.read(65_536):
            await socket.send_bytes(b"\x00" + data)
        await socket.close()

    task = asyncio.create_task(back())
    async for message in socket:
        writer.write(message.data[1:])
    writer.close()
    await asyncio.gather(task, return_exceptions=True)
    return socket


def examined(lab: Lab, listed: Listed) -> list[Finding]:
    with on_cluster(lab, listed) as stack:
        return list(examine_on(stack, "", None))


@pytest.mark.parametrize("architecture", LABS)
def test_nothing_is_lost_in_a_stack_that_works(
    architecture: str, request: pytest.FixtureRequest
) -> None:
    lab = request.getfixturevalue(LABS[architecture])
    found = examined(lab, as_deployed(architecture))

    assert [str(each) for each in found if each.fix] == []
    assert len(found) == 7


def broken_monitor(lab: Lab, listed: Listed) -> Any:
    """The ServiceMonitor is deleted, and Prometheus does not scrape the proxies."""

    def without_jobs(prometheus: Settings) -> None:
        for job in jobs(prometheus, address(lab.hops.metrics)):
            prometheus["scrape_configs"].remove(job)

    listed.every.pop(f"ServiceMonitor/{MONITORING}/mcp-proxies")
    return lab.changed("prometheus", PROMETHEUS_FILE, without_jobs)


@contextmanager
def refused_write(lab: Lab, listed: Listed) -> Iterator[None]:
    """Prometheus takes no remote write."""
    listed.every[f"Prometheus/{MONITORING}/main"]["spec"]["enableRemoteWriteReceiver"] = False
    own = lab.pipeline.specs["prometheus"].arguments
    receiver = "--web.enable-remote-write-receiver"
    lab.restart("prometheus", tuple(each for each in own if each != receiver))
    try:
        yield
    finally:
        lab.restart("prometheus")


@contextmanager
def no_collector(lab: Lab, listed: Listed) -> Iterator[None]:
    """The collector is scaled to 0."""
    listed.every.pop(f"Pod/{MONITORING}/collector-1")
    listed.every[f"EndpointSlice/{MONITORING}/{COLLECTOR_SERVICE}"]["endpoints"] = []
    with lab.stopped("collector"):
        yield


@pytest.mark.parametrize(
    ("architecture", "breaking", "hop", "saw", "fix"),
    [
        (
            "otel-remote-write",
            refused_write,
            "in Prometheus",
            f"Prometheus {MONITORING}/main takes no remote write",
            "enableRemoteWriteReceiver: true",
        ),
        (
            "direct-scrape",
            broken_monitor,
            "in Prometheus",
            f"no ServiceMonitor selects the Service: Service {SERVERS}/{HTTP_SERVER} has",
            "run pulumi up --refresh --stack mine",
        ),
        (
            "hybrid",
            no_collector,
            "at the collector",
            f"Service {MONITORING}/{COLLECTOR_SERVICE} leads to no pod",
            "scale it up",
        ),
    ],
)
def test_the_hop_that_is_broken_is_named_with_its_object(
    architecture: str,
    breaking: Any,
    hop: str,
    saw: str,
    fix: str,
    request: pytest.FixtureRequest,
) -> None:
    lab, listed = request.getfixturevalue(LABS[architecture]), as_deployed(architecture)
    with breaking(lab, listed):
        *_, last = examined(lab, listed)

    assert last.hop == hop
    assert saw in last.saw
    assert fix in last.fix
