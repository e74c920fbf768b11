"""The collector's configuration: what is used of it, and what of it can live without a kubelet."""

from copy import deepcopy

from stacks.values import Values

NEEDS_KUBELET = frozenset({"kubeletstats", "k8sattributes"})
"""Components that talk to a kubelet or to the Kubernetes API."""

_KINDS = ("receivers", "processors", "exporters")


def pruned(config: Values) -> Values:
    """A copy without the components that no pipeline uses."""
    result = deepcopy(config)
    pipelines = result["service"]["pipelines"].values()
    for kind in _KINDS:
        used = {name for pipeline in pipelines for name in pipeline[kind]}
        result[kind] = {name: each for name, each in result[kind].items() if name in used}
    return result


def without_kubelet(config: Values) -> Values:
    """A copy that runs as a plain process: pipelines that lose every receiver go altogether.

    What the agents look up on a cluster (namespace, pod) must then be in the resource already, as
    it is for everything our proxy sends.
    """
    result = deepcopy(config)
    kept = {}
    for name, pipeline in result["service"]["pipelines"].items():
        local = {kind: [c for c in pipeline[kind] if c not in NEEDS_KUBELET] for kind in _KINDS}
        if local["receivers"]:
            kept[name] = local
    result["service"]["pipelines"] = kept
    return pruned(result)
