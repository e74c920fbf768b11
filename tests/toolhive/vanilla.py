"""A Prometheus that gets ToolHive's series through one ingestion path, and relabels nothing.

The settings are what ToolHive's documentation and examples/otel say, with this machine's addresses;
the ServiceMonitor is the plainest that selects the operator's Services.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashboards.bundles import MonitoringBundle
from dashboards.rules import document
from lab.local import programs
from lab.local.addresses import Addresses, choose
from lab.local.prometheus_config import Target, prometheus_config, without_intervals
from tests.toolhive.emitted import SERVERS, Server
from tests.toolhive.running import Laid, Running, Scripted, job, scripted, started

NAMESPACE = "toolhive-system"
DIRECT, STATIC, REMOTE_WRITE = "direct-scrape", "static-scrape", "otel-remote-write"
SCRAPED = (DIRECT, STATIC)
HONOURED = {"otel-scrape": True, "otel-scrape-exported": False}

MONITOR = {
    "metadata": {"namespace": NAMESPACE, "name": "toolhive"},
    "spec": {
        "selector": {"matchLabels": {"app.kubernetes.io/name": "mcpserver"}},
        "endpoints": [{"port": "http", "path": "/metrics"}],
    },
}
SPEC = {
    "scrapeInterval": "1s",
    "evaluationInterval": "1s",
    "tsdb": {"outOfOrderTimeWindow": "0s"},
    "exemplars": {"maxSize": 1000},
}


@contextmanager
def running(
    version: str, ingestion: str, bundle: MonitoringBundle, folder: Path
) -> Iterator[Running]:
    """ToolHive's proxies of a version, and a Prometheus with the rules of the bundle."""
    addresses = choose(())
    with scripted(version, NAMESPACE) as proxies:
        files = {
            programs.PROMETHEUS_FILE: _prometheus(ingestion, addresses, proxies),
            programs.RULES_FILE: without_intervals(document(bundle)),
        }
        if ingestion not in SCRAPED:
            files[programs.COLLECTOR_FILE] = _collector(ingestion, addresses)
        laid = Laid(
            addresses,
            files,
            flags=("--web.enable-remote-write-receiver",) if ingestion == REMOTE_WRITE else (),
            resources={} if ingestion in SCRAPED else {each: _resource(each) for each in SERVERS},
            pushed=ingestion not in SCRAPED,
        )
        with started(laid, proxies, folder) as at_work:
            yield at_work


def _target(server: Server, address: str) -> Target:
    """What discovery finds of the operator's Service before a proxy."""
    labels = {"app.kubernetes.io/name": "mcpserver", "toolhive-name": server.name}
    service = f"mcp-{server.name}-proxy"
    return Target(address, NAMESPACE, service, "http", server.pod, "toolhive", labels)


def _resource(server: Server) -> Mapping[str, str]:
    """The operator's OTEL_RESOURCE_ATTRIBUTES; a service may be called unlike its server."""
    return {"service.name": f"mcp-{server.name}-server", "service.namespace": NAMESPACE}


def _prometheus(ingestion: str, addresses: Addresses, proxies: Scripted) -> dict[str, Any]:
    jobs = [job("prometheus", addresses.prometheus)]
    if ingestion == DIRECT:
        jobs.append(job("kubelet", proxies.cluster, honor=True))
    elif ingestion == STATIC:
        jobs.append(job("toolhive", *proxies.addresses.values()))
    else:
        jobs.append(job("otel-collector-internal", addresses.collector_own))
    if ingestion in HONOURED:
        jobs.append(job("otel-collector", addresses.collector_series, honor=HONOURED[ingestion]))
    monitors = (MONITOR,) if ingestion == DIRECT else ()
    targets = (_target(server, address) for server, address in proxies.addresses.items())
    config = prometheus_config(SPEC, monitors, targets, programs.RULES_FILE)
    return {**config, "scrape_configs": [*config["scrape_configs"], *jobs]}


def _collector(ingestion: str, addresses: Addresses) -> dict[str, Any]:
    """ToolHive's examples/otel, with the exporter of the ingestion path."""
    converted = {"resource_to_telemetry_conversion": {"enabled": True}}
    write = f"http://{addresses.prometheus}/api/v1/write"
    exporters = {
        "prometheus": {"endpoint": addresses.collector_series, **converted},
        "prometheusremotewrite": {"endpoint": write, **converted},
    }
    chosen = "prometheusremotewrite" if ingestion == REMOTE_WRITE else "prometheus"
    host, _, port = addresses.collector_own.rpartition(":")
    reader = {"pull": {"exporter": {"prometheus": {"host": host, "port": int(port)}}}}
    insecure = {"tls": {"insecure": True}}
    return {
        "extensions": {"health_check": {"endpoint": addresses.collector_health}},
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": addresses.otlp_http}}}},
        "processors": {"batch": {"timeout": "1s"}},
        "exporters": {
            "otlp/jaeger": {"endpoint": addresses.jaeger_otlp, **insecure},
            chosen: exporters[chosen],
        },
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [reader]}},
            "pipelines": {"traces": _pipeline("otlp/jaeger"), "metrics": _pipeline(chosen)},
        },
    }


def _pipeline(exporter: str) -> dict[str, list[str]]:
    return {"receivers": ["otlp"], "processors": ["batch"], "exporters": [exporter]}
