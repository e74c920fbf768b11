"""What Prometheus scrapes here, in place of the Services that it finds on a cluster. Pure."""

from collections.abc import Mapping
from typing import Any

from lab.addresses import Addresses
from lab.front import Front
from lab.prometheus_config import Target
from stacks.charts import Component, Namespace
from stacks.endpoints import COLLECTOR_SERVICE, PROMETHEUS_SERVICE
from stacks.plan import Plan


def prometheus_spec(planned: Plan) -> Mapping[str, Any]:
    """What the plan says of Prometheus to its operator."""
    release = next(each for each in planned.releases if each.component is Component.PROMETHEUS)
    spec: Mapping[str, Any] = release.values["prometheus"]["prometheusSpec"]
    return spec


def stack_targets(collector: Mapping[str, Any], addresses: Addresses) -> tuple[Target, ...]:
    """The collector's ports that are scraped, and Prometheus itself."""
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
    """Whether the collector shows what it collected to a scrape, rather than writes it."""
    return "prometheus" in collector["exporters"]


def proxy_targets(planned: Plan, fronts: tuple[Front, ...]) -> tuple[Target, ...]:
    """The proxies' `/metrics`, each with the labels of its Service."""
    services = {
        each["metadata"]["name"]: each["metadata"]
        for each in planned.objects
        if each["kind"] == "Service"
    }
    return tuple(
        Target(
            front.metrics,
            services[front.server]["namespace"],
            front.server,
            "metrics",
            front.pod,
            "proxy",
            services[front.server]["labels"],
        )
        for front in fronts
    )
