"""Rules that give ToolHive's series their present names, once ToolHive has renamed them.

stacklok/toolhive#5956 and #3791, not released yet: `toolhive_mcp_active_connections` becomes
`stacklok_toolhive_proxy_active_connections`, the label `server` `mcp_server`, and the other
`toolhive_mcp_*` are left to the semantic conventions' histogram. For a while both are exposed
(`--otel-use-legacy-metrics`); then the series with the present names count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.expressions import calls, proxies, tools
from dashboards.promql.scope import quoted

INTERVAL = "1m"
"""As often as the recordings that read them, and as ToolHive pushes.

The rules of two variants may write the same series: at other times, and the same values.
"""

_MARK = "renamed"
"""The label of the series that the rules write."""
_PROXY = ("namespace", "job", "exported_job", "server")
"""What identifies a proxy on any ingestion path."""
_OPERATIONS = "mcp_server_operation_duration_seconds"

Relabelling = tuple[str, str, str, str]
"""The arguments of `label_replace`: the new label, its value, the old label, a pattern."""

_SERVER: Relabelling = ("server", "$1", "mcp_server", "(.+)")
# Of a failed request only a status from 500 on is known.
_REQUEST: tuple[Relabelling, ...] = (
    _SERVER,
    ("mcp_method", "$1", "mcp_method_name", "(.+)"),
    ("mcp_resource_id", "$1", "gen_ai_tool_name", "(.+)"),
    ("transport", "stdio", "network_transport", "pipe"),
    ("status_code", "$1", "error_type", "(.+)"),
    ("status", "error", "error_type", ".+"),
    ("status", "success", "error_type", ""),
)
_TOOL: tuple[Relabelling, ...] = (*_REQUEST, ("tool", "$1", "gen_ai_tool_name", "(.+)"))


@dataclass(frozen=True, slots=True)
class Renamed:
    """A series under its present name, and the one that it is read from."""

    record: str
    series: str
    relabellings: tuple[Relabelling, ...]
    where: str = ""

    def expr(self, cluster: str | None) -> str:
        """The series with its labels, of proxies that do not expose the present name."""
        vector = f'{self.series}{{mcp_server!="", {_MARK}=""{self.where}}}'
        for each in self.relabellings:
            vector = f"label_replace({vector}, {', '.join(map(quoted, each))})"
        on = ", ".join((cluster, *_PROXY) if cluster else _PROXY)
        return f'{vector} unless on ({on}) {self.record}{{{_MARK}=""}}'


RENAMED = (
    Renamed(calls.REQUESTS.name, f"{_OPERATIONS}_count", _REQUEST),
    *(
        Renamed(each.name, f"{_OPERATIONS}_{each.name.rpartition('_')[2]}", _REQUEST)
        for each in (calls.COUNT, calls.SUM, calls.BUCKETS)
    ),
    Renamed(
        tools.CALLS.name,
        f"{_OPERATIONS}_count",
        _TOOL,
        ', mcp_method_name="tools/call", gen_ai_tool_name!=""',
    ),
    Renamed(
        proxies.CONNECTIONS.name,
        "stacklok_toolhive_proxy_active_connections",
        (_SERVER,),
    ),
    Renamed(tools.BUCKETS.name, tools.BUCKETS.name, (_SERVER,), ', server=""'),
)


def rules(cluster: str | None) -> Iterator[dict[str, object]]:
    """The recording rules; `cluster` is the label of the cluster in a store of several."""
    for each in RENAMED:
        yield {"record": each.record, "expr": each.expr(cluster), "labels": {_MARK: "stacklok"}}
