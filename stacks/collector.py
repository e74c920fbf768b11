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
