"""A dialect: how the series of the contract look where another emitter, or no relabelling, is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dashboards.promql import Match
from dashboards.series import Source
from dashboards.third_party_metrics import FOREIGN


@dataclass(frozen=True, slots=True)
class EmbeddedLabel:
    """A label's value is part of another label's: `pattern` has {} in its place."""

    label: str
    pattern: str

    @property
    def captured(self) -> str:
        """A regular expression whose first group is the value."""
        return self.pattern.format("(.+)")

    def matching(self, wanted: str) -> str:
        """A regular expression for those values that hold one that `wanted` matches."""
        return self.pattern.format(f"({wanted})")


@dataclass(frozen=True, slots=True)
class SeriesMapping:
    """One series of the contract as it is found here.

    `labels` maps each of the contract's labels to its name here; what is not in it is missing.
    `where` narrows a series that holds more than the contract's. `server` says where the server's
    name stands on a series without a label of its own for it.
    """

    name: str
    labels: Mapping[str, str]
    where: tuple[Match, ...] = ()
    server: EmbeddedLabel | None = None
    pattern: bool = False


@dataclass(frozen=True, slots=True)
class VariantNames:
    """What the set is called, so that it can stand beside another one in Grafana and Prometheus."""

    set: str
    shown: str

    def uid(self, board: str) -> str:
        """The uid of a board that is `mcp-...` in the contract's set."""
        return board.replace("mcp-", f"mcp-{self.set}-", 1)

    def title(self, board: str) -> str:
        """The title of a board that is `MCP / ...` in the contract's set."""
        return board.replace("MCP /", f"MCP {self.shown} /", 1)

    def group(self, rules: str) -> str:
        """The group of rules that is `mcp-...` in the contract's set."""
        return rules.replace("mcp-", f"{self.set}-", 1)

    @property
    def runbook(self) -> str:
        """Where the set's runbook is, among the files that are written with it."""
        return f"runbook/{self.set}.md"

    def record(self, series: str) -> str:
        """The recorded series that is `mcp:...` in the contract's set."""
        return series.replace("mcp:", f"{self.set}:", 1)

    def alert(self, name: str) -> str:
        """The alert, or the pattern of alerts, that is `MCP...` in the contract's set."""
        return name.replace("MCP", self.shown, 1)


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """The series of one emitter on one road, by their names in the contract.

    `namespace` is the label that stands for the contract's. `sources` are the other emitters that
    this road has. `words` are sentences of the descriptions that are not true here, with what is.
    """

    names: VariantNames
    namespace: str
    families: Mapping[str, SeriesMapping]
    sources: frozenset[Source]
    words: Mapping[str, str] = field(default_factory=dict)
    exemplars: bool = False
    """Whether histograms keep the ids of traces."""
    traces: bool = False
    """Whether the server's name is the service's name in traces."""

    def value(self, label: str, value: str) -> str:
        """What a match on the names of our own rules has to say here."""
        renamed = {"alertname": self.names.alert, "rule_group": self.names.group}.get(label)
        return renamed(value) if renamed else value

    def with_recorded(self, name: str, labels: Mapping[str, str]) -> "LabelSchema":
        """The dialect, which now has this recorded series too."""
        recorded = SeriesMapping(self.names.record(name), labels)
        return replace(self, families={**self.families, name: recorded})

    def spelling(self, name: str) -> SeriesMapping | None:
        """How a series of the contract, or of another emitter, is spelled; None if it is not."""
        return self.families.get(name) or self._foreign(name)

    def _foreign(self, name: str) -> SeriesMapping | None:
        found = next((each for each in FOREIGN if each.name == name), None)
        if found is None or found.source not in self.sources:
            return None
        return SeriesMapping(name, {each: each for each in found.labels}, pattern=found.pattern)
