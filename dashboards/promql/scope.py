"""Label matchers, and scopes: which series a query selects and over which window it looks."""

from dataclasses import dataclass, replace

CLUSTER = "cluster"
"""The label that identifies a cluster, where one store has series of several."""
EACH_SERVER = ("namespace", "server")
"""The labels that identify a server within a cluster."""
EACH_POD = (*EACH_SERVER, "pod")
EACH_TOOL = (*EACH_SERVER, "tool")


@dataclass(frozen=True, slots=True)
class Match:
    """One label matcher of a selector; `operator` is one of PromQL's four."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{quoted(self.value)}"

    def on(self, label: str) -> "Match":
        """The same matcher on another label."""
        return replace(self, label=label)


def quoted(text: str) -> str:
    """`text` as a PromQL string."""
    return f'"{within_quotes(text)}"'


def within_quotes(text: str) -> str:
    """`text` as it is written between the double quotes of a PromQL string."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def eq(label: str, value: str) -> Match:
    """`label` is exactly `value`."""
    return Match(label, "=", value)


def ne(label: str, value: str) -> Match:
    """`label` is anything but `value`."""
    return Match(label, "!=", value)


def like(label: str, pattern: str) -> Match:
    """`label` matches the whole of `pattern`, a regular expression (RE2)."""
    return Match(label, "=~", pattern)


def unlike(label: str, pattern: str) -> Match:
    """`label` does not match `pattern`, a regular expression (RE2)."""
    return Match(label, "!~", pattern)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which series a query selects, and the window of its rates."""

    matches: tuple[Match, ...]
    window: str

    def over(self, window: str) -> "Scope":
        """The same series over another window."""
        return replace(self, window=window)


EVERYTHING = Scope((), "$__rate_interval")
"""On a board: all series."""

SELECTED = Scope((like("namespace", "$namespace"), like("server", "$server")), EVERYTHING.window)
"""On a board: the MCP series of the namespaces and servers that the viewer selected."""

SELECTED_CLUSTER = like(CLUSTER, "$cluster")
"""On a board, where there are several clusters: the series of those that the viewer selected."""

SELECTED_RANGE = SELECTED.over("$__range")
"""As SELECTED, over the whole time range of the board."""

RULE = Scope((), "5m")
"""In a rule: all series, over five minutes."""
