"""The connections between the parts of a pipeline, led through forwarders. Pure."""

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from lab.local import programs
from lab.local.addresses import Addresses, localized
from lab.local.plan import LocalPlan, as_json
from lab.local.programs import ProcessSpec
from lab.tracing import ENDPOINT

_METRICS_ENDPOINT = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"

_STAGGERED = {"OTEL_METRIC_EXPORT_INTERVAL": "1070", "OTEL_BSP_SCHEDULE_DELAY": "470"}
_STAGGERED_BATCH = "930ms"
"""Intervals that are not multiples of each other or of the scrape interval, one second.

So every run meets all phases between them: equal ones would keep those of the start, and calls
would become visible up to a second earlier in one run than in the next.
"""


class Hop(StrEnum):
    """A connection that carries telemetry."""

    METRICS_PUSH = "metrics, proxy to collector"
    COLLECTOR_SCRAPE = "metrics, Prometheus from collector"
    REMOTE_WRITE = "metrics, collector to Prometheus"
    PROXY_SCRAPE = "metrics, Prometheus from proxy"
    SPANS_PUSH = "spans, proxy to collector"
    SPANS = "spans, collector to Jaeger"
    OWN_SCRAPE = "the collector's own series"


BACK_END_HOPS = frozenset(Hop) - {Hop.METRICS_PUSH, Hop.SPANS_PUSH}
"""Those to and from Prometheus and Jaeger."""

SIGNAL_HOPS = frozenset(Hop) - {Hop.OWN_SCRAPE}
"""Those that carry what the proxies measure."""


def destinations(addresses: Addresses, server: str) -> Mapping[Hop, str]:
    """Where each hop leads; `server` is the one behind the proxy."""
    return {
        Hop.METRICS_PUSH: addresses.otlp_http,
        Hop.SPANS_PUSH: addresses.otlp_http,
        Hop.SPANS: addresses.jaeger_otlp,
        Hop.REMOTE_WRITE: addresses.prometheus,
        Hop.COLLECTOR_SCRAPE: addresses.collector_series,
        Hop.OWN_SCRAPE: addresses.collector_own,
        Hop.PROXY_SCRAPE: addresses.proxies[server][1],
    }


def rerouted(local: LocalPlan, forwarders: Mapping[Hop, str]) -> LocalPlan:
    """The plan with every hop through the forwarder at its address.

    The MCP servers are not traced, so that all spans are the proxies'. Intervals are staggered.
    """
    [endpoint] = local.endpoints
    to = destinations(local.addresses, endpoint.server)
    tables = {
        programs.COLLECTOR_FILE: (Hop.SPANS, Hop.REMOTE_WRITE),
        programs.PROMETHEUS_FILE: (Hop.COLLECTOR_SCRAPE, Hop.OWN_SCRAPE, Hop.PROXY_SCRAPE),
    }
    changed = {
        name: localized(json.loads(local.files[name]), {to[hop]: forwarders[hop] for hop in hops})
        for name, hops in tables.items()
    }
    changed[programs.COLLECTOR_FILE]["processors"]["batch"]["timeout"] = _STAGGERED_BATCH
    servers, proxies = local.stages
    return replace(
        local,
        files={**local.files, **{name: as_json(each) for name, each in changed.items()}},
        stages=(
            tuple(_untraced(each) for each in servers),
            tuple(_pushing(each, forwarders) for each in proxies),
        ),
    )


def _untraced(process: ProcessSpec) -> ProcessSpec:
    return replace(process, environment={}) if "lab.echo" in process.arguments else process


def _pushing(process: ProcessSpec, forwarders: Mapping[Hop, str]) -> ProcessSpec:
    """Metrics and spans take different forwarders, which count their bytes."""
    own = {
        ENDPOINT: f"http://{forwarders[Hop.SPANS_PUSH]}",
        _METRICS_ENDPOINT: f"http://{forwarders[Hop.METRICS_PUSH]}/v1/metrics",
    }
    return replace(process, environment={**process.environment, **own, **_STAGGERED})
