"""What a cluster's objects say about a hop that lost the call, most telling first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lab.doctor.cluster.facts import Facts
from lab.doctor.cluster.monitors import monitor_causes, rule_causes
from lab.doctor.cluster.network_policy import forbidding
from lab.doctor.cluster.objects import (
    Json,
    environment_of,
    full_name,
    labels_of,
    selects,
    shown,
)
from lab.doctor.cluster.reach import PROXY_CONTAINER
from stacks.charts import CHARTS, Component
from stacks.commands.pods import pod_reason
from stacks.endpoints import OTLP_GRPC_PORT, OTLP_HTTP_PORT, PROXY_METRICS_PORT, Endpoint
from stacks.monitors import METRICS_LABEL
from stacks.proxies import proxy_plan

Cause = tuple[str, str]
"""What is seen, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The configuration keys that decide about a part's pods."""

    image: str
    memory: str
    place: str
    start: str
    restore: str
    """What brings a Service and its pods back."""


def cause_of(hop: str, facts: Facts) -> Cause | None:
    """The first cause that is found for a hop. Raises Unreachable."""
    return next(CAUSES.get(hop, _nothing)(facts), None)


def client_causes(facts: Facts) -> Iterator[Cause]:
    """Why clients do not reach the proxy, although one of its pods may run."""
    yield from _pod_causes(facts, facts.proxy, _server_keys(facts))
    service = facts.objects.service(facts.proxy)
    ports = [each["port"] for each in service["spec"].get("ports") or ()] if service else []
    if facts.proxy.port not in ports:
        has = ", ".join(map(str, ports)) or "none"
        yield (
            f"Service {facts.proxy.namespace}/{facts.proxy.service} has no port"
            f" {facts.proxy.port}; it has {has}",
            f"run {facts.stack.deploy}",
        )


def _server_causes(facts: Facts) -> Iterator[Cause]:
    """Why the proxy does not reach its server: the other container of its pod, or elsewhere."""
    server = facts.stack.server
    for pod in facts.proxies():
        others = _without_proxy(pod)
        reason = pod_reason(others)
        if reason and others["status"]["containerStatuses"]:
            yield f"pod {full_name(pod)}: {reason}", _fix(reason, others, _server_keys(facts))
    key = f"servers[{server.name}]"
    if server.url:
        yield f"its URL is {server.url}", f"start that server, or correct {key}.url"
    elif server.command:
        yield (
            "the server is a process of the proxy's",
            f"correct {key}.command, env or secrets: {_logs(facts.proxies(), PROXY_CONTAINER)}",
        )
    else:
        yield (
            f"the proxy calls port {server.port} and path {server.path} of its own pod",
            f"correct {key}.port or path; {_logs(facts.proxies(), 'server')}",
        )


def _without_proxy(pod: Json) -> Json:
    """A pod whose status has the other containers only: the proxy is not ready without them."""
    status = pod.get("status", {})
    statuses = status.get("containerStatuses") or ()
    others = [each for each in statuses if each["name"] != PROXY_CONTAINER]
    return {**pod, "status": {**status, "containerStatuses": others}}


def _collector_causes(facts: Facts) -> Iterator[Cause]:
    if collector := facts.collector:
        yield from _pod_causes(facts, collector, _chart_keys(facts, Component.COLLECTOR))
        yield from _environment_causes(facts)
        targets = facts.behind(collector)
        yield from _policy_causes(facts, facts.proxies(), targets, OTLP_HTTP_PORT)


def _environment_causes(facts: Facts) -> Iterator[Cause]:
    """Variables of the proxy that are not those of the configuration."""
    planned = proxy_plan(facts.stack.config, facts.stack.server).environment
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER")
    for pod in facts.proxies():
        has = environment_of(pod, PROXY_CONTAINER)
        for name in names:
            if has.get(name) != planned.get(name):
                yield (
                    f"pod {full_name(pod)} has {name}={has.get(name, '')}; the configuration makes"
                    f" it {planned.get(name)}",
                    f"run {facts.stack.deploy}, and leave {name} out of"
                    f" servers[{facts.stack.server.name}].podTemplateSpec",
                )


def _prometheus_causes(facts: Facts) -> Iterator[Cause]:
    prometheus = facts.prometheus
    if prometheus:
        yield from _pod_causes(facts, prometheus, _chart_keys(facts, Component.PROMETHEUS))
    if not facts.pushed:
        labels = {labels_of(each).get(METRICS_LABEL) for each in facts.proxies()}
        if "pushed" in labels:
            yield (
                "the proxy's pod still is one that pushes, which Prometheus does not scrape",
                f"run {facts.stack.deploy}",
            )
        target = Endpoint(facts.proxy.service, facts.proxy.namespace, PROXY_METRICS_PORT)
        yield from monitor_causes(facts, target, "metrics", "mcp-proxies")
        sources = facts.behind(prometheus)
        yield from _policy_causes(facts, sources, facts.proxies(), PROXY_METRICS_PORT)
    elif facts.series:
        yield from monitor_causes(facts, facts.series, "prometheus", "otel-collector-series")
        sources, targets = facts.behind(prometheus), facts.behind(facts.series)
        yield from _policy_causes(facts, sources, targets, facts.series.port)
    else:
        yield from _receiver_causes(facts)
        sources, targets = facts.behind(facts.collector), facts.behind(prometheus)
        if prometheus:
            yield from _policy_causes(facts, sources, targets, prometheus.port)


def _receiver_causes(facts: Facts) -> Iterator[Cause]:
    for each in facts.objects.monitoring("prometheuses"):
        if not each["spec"].get("enableRemoteWriteReceiver"):
            yield (
                f"Prometheus {full_name(each)} takes no remote write",
                "set prometheus.prometheusSpec.enableRemoteWriteReceiver: true"
                " (values.kube-prometheus-stack), or enable it in the existing one",
            )


def _trace_causes(facts: Facts) -> Iterator[Cause]:
    if facts.traces:
        yield from _pod_causes(facts, facts.traces, _chart_keys(facts, Component.JAEGER))
    if facts.collector:
        yield from _pod_causes(facts, facts.collector, _chart_keys(facts, Component.COLLECTOR))
    yield from _environment_causes(facts)
    collectors, stores = facts.behind(facts.collector), facts.behind(facts.traces)
    yield from _policy_causes(facts, facts.proxies(), collectors, OTLP_HTTP_PORT)
    yield from _policy_causes(facts, collectors, stores, OTLP_GRPC_PORT)


def _nothing(facts: Facts) -> Iterator[Cause]:
    yield from ()


CAUSES: Mapping[str, Callable[[Facts], Iterator[Cause]]] = {
    "client to proxy": client_causes,
    "proxy to server": _server_causes,
    "at the collector": _collector_causes,
    "in Prometheus": _prometheus_causes,
    "in the trace store": _trace_causes,
    "rules": rule_causes,
}
"""By the names of the hops. They raise Unreachable."""


def _pod_causes(facts: Facts, endpoint: Endpoint, keys: Keys) -> Iterator[Cause]:
    """Why a Service leads to no pod; nothing if it does."""
    full = f"{endpoint.namespace}/{endpoint.service}"
    service = facts.objects.service(endpoint)
    if service is None:
        yield f"there is no Service {full}", keys.restore
        return
    if facts.ready(endpoint):
        return
    selector = {"matchLabels": service["spec"].get("selector") or {}}
    pods = [
        each
        for each in facts.objects.pods(endpoint.namespace)
        if selects(selector, labels_of(each))
    ]
    for pod in pods:
        if reason := pod_reason(pod):
            yield f"pod {full_name(pod)}: {reason}", _fix(reason, pod, keys)
    if not pods:
        wanted = shown(selector["matchLabels"])
        proxies = facts.proxies() if endpoint == facts.proxy else ()
        has = f"; pod {full_name(proxies[0])} has {shown(labels_of(proxies[0]))}" if proxies else ""
        yield (
            f"Service {full} leads to no pod: none has {wanted}{has}",
            keys.restore,
        )


def _policy_causes(
    facts: Facts, sources: Iterable[Json], targets: Iterable[Json], port: int
) -> Iterator[Cause]:
    """NetworkPolicies that forbid a connection which the stack needs."""
    reached = tuple(targets)
    for source in sources:
        for target in reached:
            namespaces = {each["metadata"]["namespace"] for each in (source, target)}
            policies = [
                each
                for namespace in sorted(namespaces)
                for each in facts.objects.network_policies(namespace)
            ]
            found = forbidding(
                policies,
                facts.objects.namespace_labels(),
                source=source,
                target=target,
                port=port,
            )
            if found:
                yield (
                    f"NetworkPolicy {', '.join(found)} lets pod {full_name(source)} not connect to"
                    f" port {port} of pod {full_name(target)}",
                    "let it admit this connection, or delete it; the stack's own policies"
                    " (networkPolicies) do",
                )


def _fix(reason: str, pod: Json, keys: Keys) -> str:
    """What to do about a pod that is not ready, by the words of its reason."""
    for words, fix in (
        (("OOMKilled",), f"raise {keys.memory}"),
        (("Image", "ErrImage"), f"correct {keys.image}; the cluster cannot pull it"),
        (("Unschedulable", "Insufficient"), f"free a node for it, or correct {keys.place}"),
    ):
        if any(each in reason for each in words):
            return fix
    return f"correct {keys.start}; {_logs((pod,), _unready_container(pod))}"


def _unready_container(pod: Json) -> str:
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    found = (str(each["name"]) for each in statuses if not each.get("ready"))
    return next(found, "")


def _logs(pods: Iterable[Json], container: str) -> str:
    """The command that prints why a container ended."""
    pod = next(iter(pods), None)
    if pod is None:
        return "it has no pod"
    metadata = pod["metadata"]
    chosen = f" --container {container}" if container else ""
    return (
        f"its log has the reason: kubectl --namespace {metadata['namespace']} logs"
        f" {metadata['name']}{chosen}"
    )


def _server_keys(facts: Facts) -> Keys:
    key = f"servers[{facts.stack.server.name}]"
    by_process = bool(facts.stack.server.command)
    return Keys(
        image=f"{key}.image, proxyImage or {key}.imagePullSecrets",
        memory=f"{key}.sessionMemory" if by_process else f"{key}.resources.limits.memory",
        place=f"{key}.resources.requests, nodeSelector or tolerations",
        start=f"{key}.command, args, env, secrets, port or path",
        restore=f"run {facts.stack.deploy}, which restores Service and pods; leave {key}.replicas"
        " above 0, and these labels out of its podTemplateSpec",
    )


def _chart_keys(facts: Facts, component: Component) -> Keys:
    config = facts.stack.config
    name = CHARTS[config.profile][component].name
    namespace = config.namespaces.release(component)
    values = f"values.{name}"
    return Keys(
        image=f"chartSource, or the image in {values}",
        memory=f"size, or the resources in {values}",
        place=f"size, or the resources and nodeSelector in {values}",
        start=values,
        restore=f"scale it up, or restore it: helm --namespace {namespace} rollback"
        f" {component.value}; leave its replicas and labels out of {values}",
    )
