"""`python -m stacks.sidecar`: our proxy as a sidecar of one HTTP server, as Kubernetes manifests.

The same objects that the stack deploys, for a cluster without it: nothing is pushed, Prometheus
finds `/metrics` at the Service's port `metrics`. Kept as proxy/sidecar.yaml.
"""

import argparse
import sys
from dataclasses import replace

import yaml

from stacks.architectures import DIRECT_SCRAPE
from stacks.config import StackConfig
from stacks.proxies import ProxyPlan, deployment, proxy_plan, service
from stacks.servers import Server, ServerRuntime, Transport
from stacks.values import Values

SERVER = Server(
    name="search",
    runtime=ServerRuntime.PROXY,
    image="example.org/search:1.4.0",
    transport=Transport.STREAMABLE_HTTP,
    port=9000,
    path="/mcp",
)

_IDENTITY = ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES")
_HEADER = """\
# The proxy as a sidecar of an MCP server that speaks streamable HTTP: put in your server's name,
# image, port and path, then `kubectl apply -f` it. Made by: python -m stacks.sidecar
"""


def manifests() -> list[Values]:
    """Namespace, Deployment and Service."""
    config = StackConfig(architecture=DIRECT_SCRAPE)
    plan = _without_collector(proxy_plan(config, SERVER))
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": plan.namespace},
    }
    return [namespace, deployment(config, SERVER, plan), service(SERVER, plan.namespace)]


def rendered() -> str:
    """The manifests as one YAML file."""
    return _HEADER + yaml.dump_all(manifests(), Dumper=_Plain, sort_keys=False)


class _Plain(yaml.SafeDumper):
    """Writes repeated values in full instead of as aliases."""

    def ignore_aliases(self, data: object) -> bool:
        """Never."""
        return True


def _without_collector(plan: ProxyPlan) -> ProxyPlan:
    kept = {
        name: value
        for name, value in plan.environment.items()
        if name.startswith("MCP_PROXY_") or name in _IDENTITY
    }
    return replace(plan, environment=kept)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m stacks.sidecar", description=__doc__).parse_args()
    sys.stdout.write(rendered())
