"""Bundles of boards and rules: one per variant, made of the same templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dashboards.alerts import Alert, groups
from dashboards.board import Board
from dashboards.boards import EVERY
from dashboards.recordings import recordings
from dashboards.recordings.recording import Recording
from dashboards.thresholds import DEFAULTS, Thresholds
from dashboards.variants import boards, rules
from dashboards.variants.variant import UNIFIED, Variant


@dataclass(frozen=True, slots=True)
class MonitoringBundle:
    """What is generated together for a variant; alerts by the name of their group."""

    variant: Variant
    thresholds: Thresholds
    boards: tuple[Board, ...]
    recordings: tuple[Recording, ...]
    alerts: Mapping[str, tuple[Alert, ...]]

    @property
    def every_alert(self) -> tuple[Alert, ...]:
        """The alerts of all groups."""
        return tuple(each for group in self.alerts.values() for each in group)


@cache
def monitoring_bundle(
    variant: Variant = UNIFIED, thresholds: Thresholds = DEFAULTS
) -> MonitoringBundle:
    """The boards and rules of a variant, without what its schema lacks."""
    recorded, complete = rules.recorded(recordings(thresholds), variant)
    alerts = rules.alerts(groups(thresholds), complete)
    names = frozenset(each.default_name for group in alerts.values() for each in group)
    context = boards.VariantContext(complete.on_boards, thresholds, names)
    return MonitoringBundle(complete, thresholds, boards.boards(EVERY, context), recorded, alerts)
