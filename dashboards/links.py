"""From a symptom to its cause: what a click on a series or on a table's row opens."""

from dataclasses import dataclass

EVERYWHERE = ("namespace", "server")
"""Variables that every board has: a link hands over those that it does not set."""


@dataclass(frozen=True, slots=True)
class Link:
    """Opens the board with this uid on what the series or row is about.

    `carries` are the labels whose values become the board's variables. `tag` is an attribute of
    spans with the label whose value it must have, for a board that shows traces.
    """

    title: str
    board: str
    carries: tuple[str, ...] = EVERYWHERE
    tag: tuple[str, str] | None = None

    def from_series(self) -> str:
        """The address, for a click on a series."""
        return self._address("__field.labels")

    def from_row(self) -> str:
        """The address, for a click on a row of a table."""
        return self._address("__data.fields")

    def _address(self, labels: str) -> str:
        chosen = [f"var-{each}=${{{labels}.{each}:percentencode}}" for each in self.carries]
        if self.tag:
            attribute, label = self.tag
            chosen.append(f"var-tags={attribute}%3D${{{labels}.{label}:percentencode}}")
        return address(self.board, *chosen, without=self.carries)


def address(board: str, *chosen: str, without: tuple[str, ...] = ()) -> str:
    """A board's path under Grafana's root, with time, data source and variables as they are."""
    kept = [f"${{{each}:queryparam}}" for each in EVERYWHERE if each not in without]
    asked = "&".join((*chosen, *kept, "${datasource:queryparam}", "${__url_time_range}"))
    return f"/d/{board}?{asked}"


TO_FLEET = Link("See which server it is", "mcp-fleet", ())
TO_SERVER = Link("Open this server", "mcp-server")
TO_TOOLS = Link("Open this server's tools", "mcp-tools")
TO_TOOL = Link("Open this tool", "mcp-tools", (*EVERYWHERE, "tool"))
TO_LATENCY = Link("Open this server's latency", "mcp-latency")
TO_TRACES = Link("Open this tool's traces", "mcp-latency", tag=("gen_ai.tool.name", "tool"))
TO_SESSIONS = Link("Open this server's sessions", "mcp-sessions")
TO_RESOURCES = Link("Open this server's resources", "mcp-resources")
TO_PIPELINE = Link("Open this server's telemetry", "mcp-pipeline")
TO_SLO = Link("Open this server's objectives", "mcp-slo")
TO_COST = Link("Open the cost of this server's proxy", "mcp-proxy-cost")
