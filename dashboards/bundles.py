"""Sets of boards and rules: one for the series contract, one for ToolHive's series as they are.

Both are made of the same boards, recordings and alerts; a user may have both side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboards import BOARDS
from dashboards.alerts import Alert, groups
from dashboards.board import Board
from dashboards.recording import Recording
from dashboards.recordings import recordings
from dashboards.thresholds import DEFAULTS, Thresholds
from dashboards.variants import panels, rules, toolhive
from dashboards.variants.label_schema import LabelSchema

UNIFIED = "unified"
TOOLHIVE = toolhive.NAMES.set
VARIANTS = {
    UNIFIED: "every proxy and ingestion path, with the labels that the stack's relabelling adds",
    TOOLHIVE: "ToolHive's own proxy, without this project's relabelling",
}
"""Name -> what it is for."""


@dataclass(frozen=True, slots=True)
class MonitoringBundle:
    """What is generated together. `prefix` begins the names of its rule file and groups."""

    prefix: str
    boards: tuple[Board, ...]
    recordings: tuple[Recording, ...]
    alerts: Mapping[str, tuple[Alert, ...]]
    """By the name of their group."""
    dialect: LabelSchema | None = None
    """What it was translated into, with the recorded series; None for the contract's own words."""


def default_bundle(thresholds: Thresholds = DEFAULTS) -> MonitoringBundle:
    """The set for series that keep the contract."""
    return MonitoringBundle("mcp", BOARDS, recordings(thresholds), groups(thresholds))


def translated(dialect: LabelSchema, thresholds: Thresholds = DEFAULTS) -> MonitoringBundle:
    """The set for the series of a dialect: what it cannot tell is left out."""
    contract = default_bundle(thresholds)
    recorded, complete = rules.recorded(contract.recordings, dialect)
    alerts = rules.alerts(contract.alerts, complete)
    firing = frozenset(each.contract for group in alerts.values() for each in group)
    boards = panels.boards(contract.boards, panels.VariantContext(complete, firing))
    return MonitoringBundle(dialect.names.set, boards, recorded, alerts, complete)
