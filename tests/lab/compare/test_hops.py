"""Every connection of a plan goes through its forwarder."""

import json
from pathlib import Path

import pytest

from lab.compare.hops import Hop, destinations, rerouted
from lab.compare.member import SERVER
from lab.local import programs
from lab.local.addresses import choose
from lab.local.plan import LocalPlan, local_plan
from lab.local.run_options import RunOptions
from stacks.architectures import ARCHITECTURES

VIA = {hop: f"127.0.0.1:{number}" for number, hop in enumerate(Hop, 1)}
BINARIES = {name: Path(name) for name in ("jaeger", "prometheus", "collector")}


def plan(architecture: str) -> LocalPlan:
    options = RunOptions(ARCHITECTURES[architecture], choose([SERVER.name]), healthy=(SERVER,))
    return local_plan(options, Path(), BINARIES)


def texts(local: LocalPlan, name: str) -> set[str]:
    """The addresses in a file that are those of forwarders."""
    text = local.files[name]
    return {hop for hop, address in VIA.items() if f'"{address}"' in text or f"{address}/" in text}


@pytest.mark.parametrize(
    ("architecture", "collector", "prometheus"),
    [
        ("otel-scrape", {Hop.SPANS}, {Hop.COLLECTOR_SCRAPE, Hop.OWN_SCRAPE}),
        ("otel-remote-write", {Hop.SPANS, Hop.REMOTE_WRITE}, {Hop.OWN_SCRAPE}),
        ("direct-scrape", {Hop.SPANS}, {Hop.PROXY_SCRAPE, Hop.OWN_SCRAPE}),
        ("hybrid", {Hop.SPANS}, {Hop.PROXY_SCRAPE, Hop.OWN_SCRAPE}),
    ],
)
def test_the_settings_name_forwarders_instead_of_the_parts(
    architecture: str, collector: set[Hop], prometheus: set[Hop]
) -> None:
    before = plan(architecture)
    local = rerouted(before, VIA)
    assert texts(local, programs.COLLECTOR_FILE) == collector
    assert texts(local, programs.PROMETHEUS_FILE) == prometheus
    to = destinations(before.addresses, SERVER.name)
    for file, hops in (
        (programs.COLLECTOR_FILE, collector),
        (programs.PROMETHEUS_FILE, prometheus),
    ):
        assert not [each for each in hops if to[each] in local.files[file]]


def test_the_collector_listens_where_it_did() -> None:
    before = plan("otel-scrape")
    after = json.loads(rerouted(before, VIA).files[programs.COLLECTOR_FILE])
    assert after["receivers"] == json.loads(before.files[programs.COLLECTOR_FILE])["receivers"]


def test_the_proxy_pushes_metrics_and_spans_through_forwarders_and_its_server_nothing() -> None:
    servers, [proxy] = rerouted(plan("otel-scrape"), VIA).stages
    environment = proxy.environment
    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://{VIA[Hop.SPANS_PUSH]}"
    metrics = environment["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"]
    assert metrics == f"http://{VIA[Hop.METRICS_PUSH]}/v1/metrics"
    [echo] = [each for each in servers if "lab.echo" in each.arguments]
    assert echo.environment == {}
