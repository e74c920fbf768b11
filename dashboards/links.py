"""From a symptom to its cause: what a click on a series or on a row of a table opens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERYWHERE = ("namespace", "server")
"""Variables that every board has: a link passes on those that it does not set."""


@dataclass(frozen=True, slots=True)
class Link:
    """Opens the board with this uid, for the server or tool of the series or row.

    `variables` of the board are set to the values of the labels of the same names. `tag` is an
    attribute of spans with the label whose value it must have, for a board that shows traces.
    """

    title: str
    board: str
    variables: tuple[str, ...] = EVERYWHERE
    tag: tuple[str, str] | None = None
    label_aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The label with a variable's value, where its name is not the variable's."""
    kept: tuple[str, ...] = EVERYWHERE
    """The variables that it passes on where it does not set them."""

    def from_series(self) -> str:
        """The address, for a click on a series."""
        return self._address("__field.labels")

    def from_row(self) -> str:
        """The address, for a click on a row of a table."""
        return self._address("__data.fields")

    def _address(self, labels: str) -> str:
        chosen = [
            f"var-{each}=${{{labels}.{self.label_aliases.get(each, each)}:percentencode}}"
            for each in self.variables
        ]
        if self.tag:
            attribute, label = self.tag
            value = f"${{{labels}.{label}:percentencode}}"
            chosen.append(f"var-tags={attribute}%3D%22{value}%22")
        kept = tuple(each for each in self.kept if each not in self.variables)
        return address(self.board, *chosen, kept=kept)


def address(board: str, *chosen: str, kept: tuple[str, ...] = EVERYWHERE) -> str:
    """A board's path under Grafana's root, keeping time range, data source and variables."""
    passed = [f"${{{each}:queryparam}}" for each in kept]
    parameters = "&".join((*chosen, *passed, "${datasource:queryparam}", "${__url_time_range}"))
    return f"/d/{board}?{parameters}"


UNCHANGED = ()
"""For signals that are not about one server: the variables keep their values."""

TO_FLEET = Link("See which server it is", "mcp-fleet", UNCHANGED)
TO_FAILING_TOOLS = Link("See which tool fails", "mcp-tools", UNCHANGED)
TO_SLOW_CALLS = Link("See which calls are slow", "mcp-latency", UNCHANGED)
TO_SESSIONS = Link("See which server holds them open", "mcp-sessions", UNCHANGED)
TO_COST = Link("See the cost of the proxy", "mcp-proxy-cost", UNCHANGED)
TO_CONTEXT = Link("See what it costs the model", "mcp-context")
TO_PIPELINE = Link("See where telemetry is lost", "mcp-pipeline", UNCHANGED)
TO_SERVER = Link("Open this server", "mcp-server")
TO_TOOLS = Link("Open this server's tools", "mcp-tools")
TO_LATENCY = Link("Open this server's latency", "mcp-latency")
TO_RESOURCES = Link("Open this server's resources", "mcp-resources")
TO_TOOL = Link("Open this tool", "mcp-tools", (*EVERYWHERE, "tool"))
TO_CLIENT = Link("Open this client", "mcp-clients", ("client",))
TO_CLIENT_TRACES = Link(
    "Open this client's traces", "mcp-latency", UNCHANGED, tag=("mcp.client.name", "client")
)
TO_TRACES = Link("Open this tool's traces", "mcp-latency", tag=("gen_ai.tool.name", "tool"))
