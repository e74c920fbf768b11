"""What is known of a stack's hops before the call is sent."""

import pytest

from lab.doctor.cluster.facts import Facts
from lab.doctor.cluster.port_forward import PortForwards
from lab.doctor.cluster.reach import Reach
from tests.lab.doctor.cluster.conftest import MONITORING, SERVERS, deployed

PROXY, COLLECTOR = f"Pod/{SERVERS}/search-1", f"Pod/{MONITORING}/collector-1"


@pytest.mark.parametrize(
    ("architecture", "scraped", "push", "store"),
    [
        ("otel-scrape", ("10.0.0.2:8889",), 30, 60),
        ("otel-remote-write", (), 30, 0),
        ("direct-scrape", ("[fd00::1]:9464",), 0, 60),
        ("hybrid", ("[fd00::1]:9464",), 0, 60),
    ],
)
def test_each_hop_has_the_interval_of_its_path(
    architecture: str, scraped: tuple[str, ...], push: int, store: int
) -> None:
    listed = deployed(architecture=architecture, pushIntervalSeconds=30, scrapeIntervalSeconds=60)
    listed.every[PROXY]["status"]["podIP"] = "fd00::1"
    listed.every[COLLECTOR]["status"]["podIP"] = "10.0.0.2"
    with listed.stack() as stack, PortForwards(stack.access) as forwards:
        hops = Reach(Facts(stack), forwards).hops(listed.every[PROXY], "", None)
        limited = Reach(Facts(stack), forwards).hops(listed.every[PROXY], "", 20.0)

    assert (hops.scraped, hops.push_seconds, hops.store_seconds) == (scraped, push, store)
    assert hops.seconds_for(60) == 65
    assert limited.seconds_for(60) == 20


def test_a_prometheus_that_others_run_may_share_the_targets() -> None:
    existing = {"url": "http://prometheus.other.svc:9090"}
    listed = deployed(components={"prometheus": existing})
    with listed.stack() as stack, PortForwards(stack.access) as forwards:
        hops = Reach(Facts(stack), forwards).hops(listed.every[PROXY], "", None)

    assert hops.scraped is None
