"""What `pulumi up` prints: what was chosen, where things are, and how to reach them."""

from stacks.endpoints import GRAFANA, JAEGER, PROMETHEUS, Endpoint
from stacks.plan import Plan


def port_forward(endpoint: Endpoint, local_port: int) -> str:
    """The command that makes one port of a Service reachable on this machine."""
    target = f"svc/{endpoint.service} {local_port}:{endpoint.port}"
    return f"kubectl --namespace {endpoint.namespace} port-forward {target}"


def exports(plan: Plan) -> dict[str, object]:
    """The stack's outputs; none of them is secret."""
    reachable = {
        "grafana": (GRAFANA, 3000),
        "prometheus": (PROMETHEUS, 9090),
        "jaeger": (JAEGER[plan.profile].query, 16686),
    }
    return {
        "architecture": plan.architecture.name,
        "profile": plan.profile.value,
        "addresses": {name: endpoint.url for name, (endpoint, _) in reachable.items()},
        "portForward": {name: port_forward(*where) for name, where in reachable.items()},
    }
