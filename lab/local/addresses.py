"""Local addresses for those of a cluster: one table, applied to settings of any shape."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lab.local.ports import LOOPBACK, free_ports, usual_ports
from stacks.charts import Profile
from stacks.endpoints import (
    COLLECTOR_HEALTH_PORT,
    COLLECTOR_OWN_PORT,
    COLLECTOR_SERIES_PORT,
    OTLP_GRPC_PORT,
    OTLP_HTTP_PORT,
    endpoints_of,
)

USER_PORT = 8101
"""The port of the first of a user's servers, if it is free."""

POD_IP = "${env:MY_POD_IP}"
"""The listen address in the collector's settings."""

# A Service's name, or a variable that only a pod has.
_CLUSTER_ONLY = re.compile(r"\.svc\b|\$\{env:")


class NoLocalAddress(ValueError):
    """A setting contains an address that exists only in a cluster; the text shows the setting."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """host:port of every listener of the pipeline."""

    otlp_grpc: str
    otlp_http: str
    collector_own: str
    collector_series: str
    collector_health: str
    jaeger_otlp: str
    jaeger_query: str
    jaeger_admin: str
    jaeger_grpc: str
    prometheus: str
    logs: str
    echoes: Mapping[str, str]
    """Server -> its address, if it uses HTTP."""
    proxies: Mapping[str, tuple[str, str]]
    """Server -> the addresses of its proxy for MCP and for metrics."""

    def table(self, profile: Profile) -> Mapping[str, str]:
        """Cluster address -> local address."""
        cluster = endpoints_of(profile)
        return {
            f"{POD_IP}:{OTLP_GRPC_PORT}": self.otlp_grpc,
            f"{POD_IP}:{OTLP_HTTP_PORT}": self.otlp_http,
            f"{POD_IP}:{COLLECTOR_OWN_PORT}": self.collector_own,
            f"{POD_IP}:{COLLECTOR_SERIES_PORT}": self.collector_series,
            f"{POD_IP}:{COLLECTOR_HEALTH_PORT}": self.collector_health,
            cluster.collector_otlp_http.address: self.otlp_http,
            cluster.jaeger.otlp_grpc.address: self.jaeger_otlp,
            cluster.prometheus.address: self.prometheus,
        }


def choose(
    servers: Collection[str],
    *,
    user_servers: Collection[str] = (),
    prometheus_port: int | None = None,
    jaeger_port: int | None = None,
) -> Addresses:
    """Loopback addresses with free ports, except those given.

    A user's servers are found by ports from USER_PORT on that are free, so that a client's
    configuration is usually still right for the next run.
    """
    free = (f"{LOOPBACK}:{port}" for port in free_ports(11 + 3 * len(servers) + len(user_servers)))
    return Addresses(
        otlp_grpc=next(free),
        otlp_http=next(free),
        collector_own=next(free),
        collector_series=next(free),
        collector_health=next(free),
        jaeger_otlp=next(free),
        jaeger_query=f"{LOOPBACK}:{jaeger_port}" if jaeger_port else next(free),
        jaeger_admin=next(free),
        jaeger_grpc=next(free),
        prometheus=f"{LOOPBACK}:{prometheus_port}" if prometheus_port else next(free),
        logs=next(free),
        echoes={server: next(free) for server in servers},
        proxies={
            **{server: (next(free), next(free)) for server in servers},
            **{
                server: (f"{LOOPBACK}:{port}", next(free))
                for server, port in zip(user_servers, usual_ports(USER_PORT), strict=False)
            },
        },
    )


def localized(setting: Any, table: Mapping[str, str]) -> Any:
    """A copy of settings with every address of the table replaced.

    Addresses are `host:port` inside a string, or a mapping with `host` and `port`. Raises
    NoLocalAddress for a cluster's address that is not in the table.
    """
    if isinstance(setting, Mapping):
        return {key: localized(each, table) for key, each in _split(setting, table).items()}
    if isinstance(setting, list | tuple):
        return [localized(each, table) for each in setting]
    return _text(setting, table) if isinstance(setting, str) else setting


def _split(setting: Mapping[str, Any], table: Mapping[str, str]) -> Mapping[str, Any]:
    local = table.get(f"{setting.get('host')}:{setting.get('port')}")
    if local is None:
        return setting
    host, _, port = local.rpartition(":")
    return {**setting, "host": host, "port": int(port)}


def _text(text: str, table: Mapping[str, str]) -> str:
    for cluster, local in table.items():
        text = text.replace(cluster, local)
    if _CLUSTER_ONLY.search(text):
        raise NoLocalAddress(f"no local address for {text!r}")
    return text
