"""The series contract, on the running pipeline: all four architectures bring the same series."""

import pytest

from lab.local.run_options import HTTP_SERVER, STDIO_SERVER
from proxy.telemetry.catalogue import (
    CONTRACT_LABELS,
    INJECTED_FAULT,
    LABEL_OVERFLOW,
    METRICS,
    TELEMETRY_DROPPED,
    UPSTREAM_RESTARTS,
    Instrument,
)
from stacks.architectures import ARCHITECTURES, DIRECT_SCRAPE
from stacks.charts import Namespace
from tests.recorded import Labels, recorded

pytestmark = pytest.mark.slow

UNEVENTFUL = (INJECTED_FAULT, TELEMETRY_DROPPED, LABEL_OVERFLOW, UPSTREAM_RESTARTS)
"""Without a series while nothing goes wrong."""

Series = frozenset[tuple[str, str]]

TRANSPORTS = {HTTP_SERVER: "streamable-http", STDIO_SERVER: "stdio"}


def comparable(labels: Labels) -> Series:
    """A series without what a path may add, and with `le` as a number (scraping writes 1.0)."""
    kept = {
        name: value
        for name, value in labels.items()
        if name != "instance" and not name.startswith("otel_scope_")
    }
    if "le" in kept:
        kept["le"] = str(float(kept["le"]))
    return frozenset(kept.items())


def series_of(architecture: str) -> set[Series]:
    return {comparable(labels) for labels in recorded(architecture).series}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_brings_the_same_series(architecture: str) -> None:
    reference, others = series_of(DIRECT_SCRAPE.name), series_of(architecture)
    assert others - reference == set()
    assert reference - others == set()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_series_says_whose_it_is(architecture: str) -> None:
    for labels in recorded(architecture).series:
        server = labels["server"]
        assert {name: labels.get(name) for name in CONTRACT_LABELS} == {
            "job": f"{Namespace.SERVERS}/{server}",
            "namespace": Namespace.SERVERS,
            "server": server,
            "transport": TRANSPORTS[server],
            "pod": f"{server}-0",
        }


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_family_of_the_catalogue_that_calls_feed_arrives(architecture: str) -> None:
    names = {labels["__name__"] for labels in recorded(architecture).series}
    for metric in METRICS:
        if metric.name.startswith("process_") or metric in UNEVENTFUL:
            continue
        suffix = "_bucket" if metric.instrument is Instrument.HISTOGRAM else ""
        assert f"{metric.series}{suffix}" in names


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_panel_of_single_calls_finds_some_with_their_traces(architecture: str) -> None:
    found = recorded(architecture).calls

    assert [panel for panel, traces in found.items() if not traces] == []
    assert {len(trace) for traces in found.values() for trace in traces} == {32}
