"""Label matchers, and scopes: which series a query selects and over which window it looks."""

import re
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
        """Where a board's variable is filled in, a raw string: its value has escapes of its own."""
        raw = _FORMAT in self.value
        return f"{self.label}{self.operator}{f'`{self.value}`' if raw else quoted(self.value)}"

    def on(self, label: str) -> "Match":
        """The same matcher on another label."""
        return replace(self, label=label)


_FORMAT = ":regex}"
"""Grafana's format of a variable for a regular expression, whether one value or several may be
selected. Without it, the value of a variable of one value is a pattern, and quotes end the string.
"""


def variable(name: str) -> str:
    """What stands for the selected values of a board's variable in a regular expression."""
    return f"${{{name}{_FORMAT}"


def exactly(text: str) -> str:
    """A regular expression (RE2) for this text and no other, for a raw string of PromQL."""
    return re.sub(r"[\\^$*+?.()|\[\]{}]", r"\\\g<0>", text).replace("`", r"\x60")


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


def selected(label: str) -> Match:
    """On a board: `label` has a value that the viewer selected of the variable of that name."""
    return like(label, variable(label))


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

SELECTED = Scope((selected("namespace"), selected("server")), EVERYTHING.window)
"""On a board: the MCP series of the namespaces and servers that the viewer selected."""

SELECTED_CLUSTER = selected(CLUSTER)
"""On a board, where there are several clusters: the series of those that the viewer selected."""

SELECTED_RANGE = SELECTED.over("$__range")
"""As SELECTED, over the whole time range of the board."""

RULE = Scope((), "5m")
"""In a rule: all series, over five minutes."""
