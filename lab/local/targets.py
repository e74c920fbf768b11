"""The targets that Prometheus scrapes, in place of a cluster's Services. Pure."""

from collections.abc import Mapping
from typing import Any

from lab.local.addresses import Addresses
from lab.local.prometheus_config import Target
from lab.local.proxy_endpoints import ProxyEndpoint
from stacks.charts import Component, Namespace
from stacks.endpoints import COLLECTOR_SERVICE, PROMETHEUS_SERVICE
from stacks.plan import Plan


def prometheus_spec(planned: Plan) -> Mapping[str, Any]:
    """The `prometheusSpec` of the plan."""
    release = next(each for each in planned.releases if each.component is Component.PROMETHEUS)
    spec: Mapping[str, Any] = release.values["prometheus"]["prometheusSpec"]
    return spec


def stack_targets(collector: Mapping[str, Any], addresses: Addresses) -> tuple[Target, ...]:
    """The scraped ports of the collector, and Prometheus itself."""
    namespace = Namespace.MONITORING.value
    own = Target(
        addresses.collector_own, namespace, COLLECTOR_SERVICE, "metrics", "otel-collector-0", "otc"
    )
    series = Target(
        addresses.collector_series, namespace, COLLECTOR_SERVICE, "prometheus", own.pod, "otc"
    )
    prometheus = Target(
        addresses.prometheus,
        namespace,
        PROMETHEUS_SERVICE,
        "http-web",
        f"{PROMETHEUS_SERVICE}-0",
        "prometheus",
    )
    return (own, *((series,) if exports_series(collector) else ()), prometheus)


def exports_series(collector: Mapping[str, Any]) -> bool:
    """Whether the collector exposes its series to a scrape, rather than writing them."""
    return "prometheus" in collector["exporters"]


def proxy_targets(planned: Plan, endpoints: tuple[ProxyEndpoint, ...]) -> tuple[Target, ...]:
    """The proxies' `/metrics`, each with the labels of its Service."""
    services = {
        each["metadata"]["name"]: each["metadata"]
        for each in planned.objects
        if each["kind"] == "Service"
    }
    return tuple(
        Target(
            endpoint.metrics,
            services[endpoint.server]["namespace"],
            endpoint.server,
            "metrics",
            endpoint.pod,
            "proxy",
            services[endpoint.server]["labels"],
        )
        for endpoint in endpoints
    )
