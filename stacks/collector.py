"""Transformations of the collector's configuration: pruning, and running it without a kubelet."""

from copy import deepcopy

from stacks.values import Values

KUBELETSTATS = "kubeletstats"
NEEDS_KUBELET = frozenset({KUBELETSTATS, "k8sattributes"})
"""Components that need a kubelet or the Kubernetes API."""

_KINDS = ("receivers", "processors", "exporters")


def pruned(config: Values) -> Values:
    """A copy without components that no pipeline uses."""
    result = deepcopy(config)
    pipelines = result["service"]["pipelines"].values()
    for kind in _KINDS:
        used = {name for pipeline in pipelines for name in pipeline[kind]}
        result[kind] = {name: each for name, each in result[kind].items() if name in used}
    return result


def without_kubelet(config: Values) -> Values:
    """A copy that runs outside a cluster: without the components in NEEDS_KUBELET.

    Pipelines without a remaining receiver are removed. Namespace and pod, which k8sattributes adds
    on a cluster, must then be resource attributes already; our proxy sets them.
    """
    result = deepcopy(config)
    kept = {}
    for name, pipeline in result["service"]["pipelines"].items():
        local = {kind: [c for c in pipeline[kind] if c not in NEEDS_KUBELET] for kind in _KINDS}
        if local["receivers"]:
            kept[name] = local
    result["service"]["pipelines"] = kept
    return pruned(result)


def with_statistics_from(config: Values, address: str) -> Values:
    """A copy with an OTLP/HTTP receiver at host:port in place of kubeletstats."""
    result = deepcopy(config)
    pushed = f"otlp/{KUBELETSTATS}"
    result["receivers"][pushed] = {"protocols": {"http": {"endpoint": address}}}
    for pipeline in result["service"]["pipelines"].values():
        given = pipeline["receivers"]
        pipeline["receivers"] = [pushed if each == KUBELETSTATS else each for each in given]
    return pruned(result)


# Since 0.144 to 0.154; the old names are aliases, which log a warning.
_NEW_NAMES = {
    "receivers": {KUBELETSTATS: "kubelet_stats"},
    "processors": {"k8sattributes": "k8s_attributes"},
    "exporters": {
        "otlp": "otlp_grpc",
        "otlphttp": "otlp_http",
        "prometheusremotewrite": "prometheus_remote_write",
    },
}


def with_new_names(config: Values) -> Values:
    """A copy for collectors of 0.154 and newer: without deprecated names of components."""

    def new(kind: str, name: str) -> str:
        component, slash, rest = name.partition("/")
        return f"{_NEW_NAMES[kind].get(component, component)}{slash}{rest}"

    result = deepcopy(config)
    for kind in _KINDS:
        result[kind] = {new(kind, name): each for name, each in result[kind].items()}
        for pipeline in result["service"]["pipelines"].values():
            pipeline[kind] = [new(kind, name) for name in pipeline[kind]]
    return result
