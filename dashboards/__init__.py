"""Boards and rules as code: series, expressions, recordings, signals, then boards and alerts.

Pure but for `cli`, which writes files or sends boards to a Grafana. `BOARDS` and `ALERTS` are those
of the default variant, `bundles` makes boards and rules of any; `render` writes a board as
Grafana's JSON, `rules` the Prometheus rules, `queries` lists every query of boards and rules.
"""

from dashboards.alerts import Alert
from dashboards.board import Board
from dashboards.bundles import monitoring_bundle

BOARDS: tuple[Board, ...] = monitoring_bundle().boards
ALERTS: tuple[Alert, ...] = monitoring_bundle().every_alert

__all__ = ["ALERTS", "BOARDS", "Alert", "Board"]
