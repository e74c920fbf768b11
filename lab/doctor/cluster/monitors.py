"""Why Prometheus' operator lets it scrape a Service not at all, or with other labels."""

from collections.abc import Iterator

from dashboards.queries import rule_queries
from lab.doctor.cluster.facts import Facts
from lab.doctor.cluster.objects import Json, full_name, labels_of, name_of, selects, shown
from stacks.charts import Component
from stacks.config import PROJECT
from stacks.endpoints import Endpoint


def monitor_causes(
    facts: Facts, endpoint: Endpoint, port: str, expected: str
) -> Iterator[tuple[str, str]]:
    """What keeps a port of a Service from being scraped; `expected` is the stack's monitor."""
    service = facts.objects.service(endpoint)
    if service is None:
        yield f"there is no Service {endpoint.namespace}/{endpoint.service}", _deploy(facts)
        return
    monitors = facts.objects.monitoring("servicemonitors")
    selecting = [each for each in monitors if _selects(each, service)]
    scraping = [each for each in selecting if port in _ports(each)]
    if not scraping and not _has_pod_monitor(facts, endpoint, port):
        yield from _unselected(facts, service, port, expected, selecting)
        return
    yield from _unselected_by_prometheus(facts, scraping)
    ports = {each.get("name") for each in service["spec"].get("ports") or ()}
    if port not in ports:
        yield (
            f"Service {full_name(service)} has no port {port!r}, which the ServiceMonitor names; it"
            f" has {', '.join(map(str, sorted(map(str, ports))))}",
            _deploy(facts),
        )
    for each in scraping:
        if name_of(each) == expected and facts.pushed and not _honors(each, port):
            yield f"ServiceMonitor {full_name(each)} does not set honorLabels", _deploy(facts)


def _unselected(
    facts: Facts, service: Json, port: str, expected: str, selecting: list[Json]
) -> Iterator[tuple[str, str]]:
    has = f"Service {full_name(service)} has {shown(labels_of(service))}"
    for each in selecting:
        yield (
            f"ServiceMonitor {full_name(each)} scrapes port {', '.join(_ports(each))}, not {port}",
            _deploy(facts),
        )
    for each in facts.objects.monitoring("servicemonitors"):
        if name_of(each) == expected:
            wanted = each["spec"]["selector"].get("matchLabels") or {}
            where = ", ".join(_namespaces(each) or ("all namespaces",))
            yield (
                f"ServiceMonitor {full_name(each)} selects {shown(wanted)} in {where}, but {has}",
                f"{_deploy(facts)}, which restores both",
            )
    yield f"no ServiceMonitor selects the Service: {has}", _deploy(facts)


def _unselected_by_prometheus(facts: Facts, scraping: list[Json]) -> Iterator[tuple[str, str]]:
    """Monitors that no Prometheus takes."""
    every = facts.objects.monitoring("prometheuses")
    if not scraping or not every:
        return
    if not any(_takes(facts, each, "serviceMonitor", one) for each in every for one in scraping):
        yield _untaken(facts, every[0], "serviceMonitor", "ServiceMonitor", scraping[0])


def rule_causes(facts: Facts) -> Iterator[tuple[str, str]]:
    """Why Prometheus does not have the rules."""
    every = facts.objects.monitoring("prometheuses")
    rules = [
        each for each in facts.objects.monitoring("prometheusrules") if name_of(each) == PROJECT
    ]
    if not rules:
        yield f"there is no PrometheusRule {PROJECT}", _deploy(facts)
    elif every and not any(_takes(facts, each, "rule", one) for each in every for one in rules):
        yield _untaken(facts, every[0], "rule", "PrometheusRule", rules[0])
    has = {
        str(rule.get("record") or rule.get("alert"))
        for each in rules
        for group in each["spec"]["groups"]
        for rule in group["rules"]
    }
    if missing := sorted({each.panel for each in rule_queries()} - has):
        yield f"PrometheusRule {PROJECT} lacks {', '.join(missing)}: it is older", _deploy(facts)


def _untaken(facts: Facts, prometheus: Json, field: str, kind: str, found: Json) -> tuple[str, str]:
    spec = prometheus["spec"]
    wanted = shown((spec.get(f"{field}Selector") or {}).get("matchLabels") or {})
    where = (
        "its own namespace" if spec.get(f"{field}NamespaceSelector") is None else "some namespaces"
    )
    return (
        f"Prometheus {full_name(prometheus)} takes {kind}s with {wanted} of {where}:"
        f" {full_name(found)} has {shown(labels_of(found))}",
        f"set components.prometheus.labels to its labels, or its {field}Selector and"
        f" {field}NamespaceSelector to {{}} (values.{Component.PROMETHEUS}); then {_deploy(facts)}",
    )


def _takes(facts: Facts, prometheus: Json, field: str, found: Json) -> bool:
    """Whether the operator gives an object to a Prometheus (its fields <field>Selector)."""
    spec, namespace = prometheus["spec"], found["metadata"]["namespace"]
    by_namespace = spec.get(f"{field}NamespaceSelector")
    if by_namespace is None:
        near = namespace == prometheus["metadata"]["namespace"]
    else:
        near = selects(by_namespace, facts.objects.namespace_labels().get(namespace, {}))
    return near and selects(spec.get(f"{field}Selector"), labels_of(found))


def _selects(monitor: Json, service: Json) -> bool:
    namespaces = _namespaces(monitor)
    return (not namespaces or service["metadata"]["namespace"] in namespaces) and selects(
        monitor["spec"]["selector"], labels_of(service)
    )


def _namespaces(monitor: Json) -> tuple[str, ...]:
    """Those that a monitor looks into; none if it is all."""
    chosen = monitor["spec"].get("namespaceSelector") or {}
    if chosen.get("any"):
        return ()
    return tuple(chosen.get("matchNames") or (monitor["metadata"]["namespace"],))


def _ports(monitor: Json) -> list[str]:
    return [str(each.get("port", "")) for each in monitor["spec"].get("endpoints") or ()]


def _honors(monitor: Json, port: str) -> bool:
    return any(
        each.get("port") == port and each.get("honorLabels")
        for each in monitor["spec"].get("endpoints") or ()
    )


def _has_pod_monitor(facts: Facts, endpoint: Endpoint, port: str) -> bool:
    return any(
        selects(each["spec"]["selector"], labels_of(pod))
        and pod["metadata"]["namespace"] in (_namespaces(each) or (endpoint.namespace,))
        and any(one.get("port") == port for one in each["spec"].get("podMetricsEndpoints") or ())
        for each in facts.objects.monitoring("podmonitors")
        for pod in facts.behind(endpoint)
    )


def _deploy(facts: Facts) -> str:
    return f"run {facts.stack.deploy}"
