"""The stack as a component of a Pulumi program of your own."""

import pulumi
import pulumi_kubernetes as kubernetes

from stacks.observability import Observability, ObservabilityArgs

config = pulumi.Config()
cluster = kubernetes.Provider("cluster", context=config.require("context"))
args = ObservabilityArgs.from_settings(
    {
        "architecture": "direct-scrape",
        "grafanaAdminPassword": config.require_secret("grafanaAdminPassword"),
        "persistence": "on",
        "servers": [{"name": "docs", "runtime": "proxy", "url": "https://mcp.example.org/mcp"}],
    }
)
stack = Observability("mcp", args, pulumi.ResourceOptions(provider=cluster))
pulumi.export("grafana", stack.addresses["grafana"])
pulumi.export(
    "clients", stack.servers.apply(lambda each: {k: v["client"] for k, v in each.items()})
)
