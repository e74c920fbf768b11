"""Boards and rules as a user wants them: a variant, thresholds, one data source, a folder."""

import json
from dataclasses import dataclass
from typing import Any

from dashboards.board import Board
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.log_lines import LogStore, with_log_lines
from dashboards.manifests import FOLDER, NAMESPACE
from dashboards.render import board_json
from dashboards.rules import RuleOptions
from dashboards.thresholds import DEFAULTS, Thresholds
from dashboards.variants.variant import UNIFIED, Variant, by_cluster

SELECTED = "${datasource}"
"""In a board, the data source that its viewer selected."""

_PASSED_ON = "&${datasource:queryparam}"


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """What boards and rules are generated for; without `datasource` the viewer selects one.

    With `logs`, boards show log lines.
    """

    thresholds: Thresholds = DEFAULTS
    datasource: str | None = None
    folder: str = FOLDER
    namespace: str = NAMESPACE
    variant: Variant = UNIFIED
    cluster_label: str | None = None
    """The label by which one store distinguishes several clusters."""
    logs: LogStore | None = None

    rules: RuleOptions = RuleOptions()

    @property
    def bundle(self) -> MonitoringBundle:
        """The boards and rules."""
        label = self.cluster_label
        variant = by_cluster(self.variant, label) if label else self.variant
        return monitoring_bundle(variant, self.thresholds)

    def board_text(self, board: Board) -> str:
        """The JSON of a board of the bundle."""
        text = board_json(with_log_lines(board, self.logs))
        return text if self.datasource is None else _bound(text, self.datasource)


def _bound(text: str, uid: str) -> str:
    """The same JSON with one data source instead of the variable for Prometheus."""
    written = json.loads(text.replace(_PASSED_ON, "").replace(SELECTED, uid))
    variables: list[dict[str, Any]] = written["templating"]["list"]
    written["templating"]["list"] = [each for each in variables if each["name"] != "datasource"]
    return json.dumps(written, indent=2, sort_keys=True) + "\n"
