"""CPU and memory of pods, from the exporter that a cluster has: cAdvisor or kubeletstats."""

from dashboards import third_party_metrics as metrics
from dashboards.promql.expression import Expr
from dashboards.promql.functions import aggregate, ratio
from dashboards.promql.scope import Scope, eq, ne

POD = ("namespace", "pod")
_CONTAINER = (*POD, "container")
# cAdvisor counts each container, its sandbox, and the whole pod once more under no names. On
# Docker (cri-dockerd) it knows the whole pod only.
_CONTAINERS = ne("container", "")
_WHOLE_POD = (eq("container", ""), eq("image", ""))


def cpu(scope: Scope) -> Expr:
    """Cores in use, by pod."""
    by_container = metrics.CADVISOR_CPU.rate(scope, _CONTAINERS, by=POD)
    whole = metrics.CADVISOR_CPU.rate(scope, *_WHOLE_POD, by=POD)
    return by_container | metrics.KUBELETSTATS_CPU.now(scope, by=POD) | whole


def memory(scope: Scope) -> Expr:
    """Bytes of the working set, by pod."""
    by_container = metrics.CADVISOR_MEMORY.now(scope, _CONTAINERS, by=POD)
    whole = metrics.CADVISOR_MEMORY.now(scope, *_WHOLE_POD, by=POD)
    return by_container | metrics.KUBELETSTATS_MEMORY.now(scope, by=POD) | whole


def memory_of_limit(scope: Scope) -> Expr:
    """Working set as a share of the limit, by pod: of the container that is closest to its own."""
    used = metrics.CADVISOR_MEMORY.now(scope, _CONTAINERS, by=_CONTAINER, operator="max")
    allowed = metrics.POD_LIMITS.now(scope, eq("resource", "memory"), by=_CONTAINER, operator="max")
    return aggregate("max", ratio(used, allowed), POD)
