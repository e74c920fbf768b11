"""An alert: a condition that somebody should hear of, and the parts that conditions are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dashboards.series import Scope, Source
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies

RUNBOOK = "dashboards/RUNBOOK.md"
"""Where the runbook is: a path in this repository, until the repository has a public address."""


class Severity(StrEnum):
    """Critical pages somebody now, warning waits for working hours, info explains other alerts."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


SERVER_BOARD = "mcp-server"
PIPELINE_BOARD = "mcp-pipeline"


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that somebody should hear of.

    `expr` is the expression without its bound: it has data whenever the alert can fire, given
    what `needs` names. `condition` is the whole expression, `for_` how long it must be true.
    `threshold_keys` are the thresholds that decide, `board` the uid of the board that explains it.
    `summary` and `description` are templates of Prometheus.
    """

    name: str
    expr: str
    condition: str
    for_: str
    severity: Severity
    summary: str
    description: str
    threshold_keys: tuple[str, ...] = ()
    board: str = SERVER_BOARD
    about: tuple[str, ...] = EACH_SERVER
    """Labels of the alert that are variables of the board too."""
    needs: Source = Source.PROXY
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Labels for routing, beside the severity."""
    inhibits: tuple[str, ...] = ()
    """Less severe alerts, by their names in the contract, that say nothing new while it fires."""
    runbook: str = RUNBOOK
    contract: str = ""
    """Its name in the set for the series contract, where it is another one."""
    label_aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The label with a variable's value, where it is not called like the variable."""

    @property
    def runbook_url(self) -> str:
        """The alert's heading in the runbook."""
        return f"{self.runbook}#{self.name.lower()}"

    @property
    def dashboard_url(self) -> str:
        """The board, opened on the server that the alert is about; a path under Grafana's root."""
        labels = {each: self.label_aliases.get(each, each) for each in self.about}
        chosen = "&".join(f"var-{each}={{{{ $labels.{label} }}}}" for each, label in labels.items())
        return f"/d/{self.board}?{chosen}" if chosen else f"/d/{self.board}"


WHO = "{{ $labels.namespace }}/{{ $labels.server }}"
"""The server, in a template of Prometheus."""

TOOL = "{{ $labels.tool }}"
PERCENT = "{{ $value | humanizePercentage }}"
DURATION = "{{ $value | humanizeDuration }}"
NUMBER = '{{ $value | printf "%.0f" }}'


def over(window: str) -> Scope:
    """Everything there is, over the window."""
    return Scope((), window)


PRESENT = proxies.UP.now(over(""), by=EACH_SERVER)
"""One value for each server that a proxy of ours stands before."""


def either(window: str = "") -> str:
    """The servers that either emitter tells of: ours even when idle, ToolHive's once called."""
    vectors = (each.select(over("")) for each in (proxies.UP, calls.REQUESTS))
    seen = (f"last_over_time({each}[{window}])" if window else each for each in vectors)
    return " or ".join(f"group by ({', '.join(EACH_SERVER)}) ({each})" for each in seen)


def older_than(ago: str) -> str:
    """The servers that were called before: what is new has no past to be judged by."""
    return f"last_over_time(mcp:calls:rate5m[1h] offset {ago})"
