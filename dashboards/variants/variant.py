"""A variant: the label schema, names and texts that boards and rules are adapted to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache

from dashboards.alerts import RUNBOOK, groups
from dashboards.promql.schema import CONTRACT, ClusterLabel, Labels, LabelSchema
from dashboards.promql.scope import CLUSTER, EACH_SERVER
from dashboards.thresholds import DEFAULTS
from dashboards.variants import texts
from dashboards.variants.texts import Texts

_VALUES = {
    "value": "{{ $value }}",
    "count": '{{ $value | printf "%.0f" }}',
    "rate": '{{ $value | printf "%.2f" }}',
    "percent": "{{ $value | humanizePercentage }}",
    "duration": "{{ $value | humanizeDuration }}",
    "bytes": "{{ $value | humanize1024 }}B",
}
"""Placeholder -> Prometheus' template of an alert's value."""

ALERT_NAMES = tuple(each.name for group in groups(DEFAULTS).values() for each in group)


@dataclass(frozen=True, slots=True)
class Variant:
    """Names begin with the prefixes where the templates have `mcp` and `MCP`.

    Boards and rules of two variants can stand side by side in one Grafana and one Prometheus.
    """

    name: str
    prefix: str
    alert_prefix: str
    schema: LabelSchema
    texts: Texts
    board_prefix: str
    title_prefix: str
    runbook_file: str
    exemplars: bool = True
    """Whether histograms keep the ids of traces."""
    traces: bool = True
    """Whether the server's name is the service's name in traces."""

    def with_schema(self, schema: LabelSchema) -> "Variant":
        """The variant with more series."""
        return replace(self, schema=schema)

    @property
    def on_boards(self) -> "Variant":
        """The variant for the queries of boards, which are about the selected clusters."""
        cluster = self.schema.cluster
        if cluster is None:
            return self
        return self.with_schema(replace(self.schema, cluster=replace(cluster, selected=True)))

    @property
    def identifying(self) -> tuple[str, ...]:
        """The labels that identify a server, by their names in the contract."""
        return EACH_SERVER if self.schema.cluster is None else (CLUSTER, *EACH_SERVER)

    def uid(self, board: str) -> str:
        """The uid of a board whose template is `mcp-...`."""
        return self.board_prefix + board.removeprefix("mcp")

    def title(self, board: str) -> str:
        """The title of a board whose template is `MCP / ...`."""
        return self.title_prefix + board.removeprefix("MCP")

    def record(self, series: str) -> str:
        """The recorded series whose template is `mcp:...`."""
        return self.prefix + series.removeprefix("mcp")

    def alert(self, name: str) -> str:
        """The alert whose template is `MCP...`."""
        return self.alert_prefix + name.removeprefix("MCP")

    def label_aliases(self) -> dict[str, str]:
        """The label with a board variable's value, where its name is not the variable's."""
        here = {"namespace": self.schema.namespace}
        if self.schema.cluster:
            here[CLUSTER] = self.schema.cluster.name
        return {name: label for name, label in here.items() if name != label}

    def text(self, template: str) -> str:
        """A text with its placeholders replaced. Raises KeyError for one that is unknown."""
        return _filled(template, _texts(self))

    def alert_text(self, template: str, labels: Labels) -> str:
        """A text about an alert whose series have the labels, as a template of Prometheus."""
        given = {label: f"{{{{ $labels.{here} }}}}" for label, here in labels.items()}
        if "namespace" in given and "server" in given:
            given["server"] = _before(labels["namespace"], "/") + given["server"]
        cluster = _before(labels[CLUSTER], ": ") if CLUSTER in labels else ""
        return cluster + _filled(template, _texts(self) | _VALUES | given)


@cache
def by_cluster(variant: Variant, label: str) -> Variant:
    """The variant for a store of several clusters, which `label` distinguishes.

    Its runbook is written with its rules: the queries in it are by cluster too.
    """
    schema = replace(variant.schema, cluster=ClusterLabel(label))
    runbook = f"runbook/{variant.prefix}.md"
    return replace(variant, schema=schema, runbook_file=runbook)


@cache
def _texts(variant: Variant) -> dict[str, str]:
    """By their names in braces, names of alerts included."""
    names = {each: variant.alert(each) for each in ALERT_NAMES}
    texts = asdict(variant.texts)
    return names | {name: text.format_map(names) for name, text in texts.items()}


def _before(label: str, separator: str) -> str:
    """A template of Prometheus: the label's value and the separator, or nothing without it."""
    return f"{{{{ with $labels.{label} }}}}{{{{ . }}}}{separator}{{{{ end }}}}"


def _filled(template: str, given: Mapping[str, str]) -> str:
    """An empty text leaves no gap between its neighbours."""
    return " ".join(template.format_map(given).split())


UNIFIED = Variant(
    name="unified",
    prefix="mcp",
    alert_prefix="MCP",
    schema=CONTRACT,
    texts=texts.UNIFIED,
    board_prefix="mcp",
    title_prefix="MCP",
    runbook_file=RUNBOOK,
)
"""For every proxy and ingestion path whose series keep the series contract."""
