"""An alert: a condition that someone should know about, with its texts and its runbook."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dashboards.promql.expression import Expr
from dashboards.promql.schema import Labels, Source
from dashboards.promql.scope import CLUSTER, EACH_SERVER
from dashboards.recordings.catalogue import CALL_RATE

RUNBOOK = "dashboards/RUNBOOK.md"
"""Where the runbook is: a path in this repository, until the repository has a public address."""


class Severity(StrEnum):
    """Critical pages someone now, warning waits for working hours, info explains other alerts."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


SERVER_BOARD = "mcp-server"
PIPELINE_BOARD = "mcp-pipeline"


@dataclass(frozen=True, slots=True)
class Runbook:
    """An alert's section of the runbook, in Markdown.

    `confirm` is the query that confirms the alert, its condition where none is given; `notes`
    explain the answer.
    """

    symptom: str
    cause: str
    fix: str
    confirm: Expr | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that someone should know about.

    `expr` is the expression without its bound: it has data whenever the alert can fire. `condition`
    is the whole expression, `for_` how long it must be true. `threshold_keys` are the thresholds
    that decide, `board` the uid of the board that explains it, `inhibits` less severe alerts that
    say nothing new while it fires.

    The texts contain `{server}`, `{tool}` or any other label of the alert, its value as `{value}`,
    `{count}`, `{rate}`, `{percent}`, `{duration}` or `{bytes}`, `{MCP...}` for the name of another
    alert, and names of texts that differ between variants.
    """

    name: str
    expr: Expr
    condition: Expr
    for_: str
    severity: Severity
    summary: str
    description: str
    runbook: Runbook
    threshold_keys: tuple[str, ...] = ()
    board: str = SERVER_BOARD
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Labels for routing, beside the severity."""
    inhibits: tuple[str, ...] = ()
    runbook_file: str = RUNBOOK
    default_name: str = ""
    """Its name in the default variant, once it is adapted to a variant."""

    @property
    def needs(self) -> Source:
        """What must run for the alert to be able to fire."""
        return self.expr.needs

    @property
    def series_labels(self) -> Labels:
        """The labels of its series: by their names in the contract, as they are called here."""
        return self.condition.in_contract().labels

    @property
    def about(self) -> Labels:
        """Those of its labels that identify a server and are variables of the boards too."""
        labels = self.series_labels
        return {each: labels[each] for each in (CLUSTER, *EACH_SERVER) if each in labels}

    @property
    def runbook_url(self) -> str:
        """The alert's heading in the runbook."""
        return f"{self.runbook_file}#{self.name.lower()}"

    @property
    def dashboard_url(self) -> str:
        """The board, opened for the server that the alert is about; a path under Grafana's root."""
        chosen = "&".join(
            f"var-{k}={{{{ $labels.{label} | urlquery }}}}" for k, label in self.about.items()
        )
        return f"/d/{self.board}?{chosen}" if chosen else f"/d/{self.board}"


def older_than(ago: str) -> Expr:
    """The servers that were called before: a new server has no history to compare with."""
    return CALL_RATE.value.ago(ago).over("last_over_time", "1h")
