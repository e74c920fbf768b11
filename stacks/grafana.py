"""What Grafana and Prometheus are shown: boards as ConfigMaps, rules as a PrometheusRule."""

from dashboards import BOARDS
from dashboards.render import board_json
from stacks.charts import Namespace
from stacks.values import Values

BOARD_LABEL = "grafana_dashboard"
BOARD_LABEL_VALUE = "1"
FOLDER_ANNOTATION = "grafana_folder"
FOLDER = "MCP"

SECRET = "grafana-admin"
USER_KEY = "admin-user"
PASSWORD_KEY = "admin-password"
USER = "admin"


def board_configmaps() -> tuple[Values, ...]:
    """One ConfigMap per board, which Grafana's sidecar loads into the folder."""
    return tuple(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"board-{board.uid}",
                "namespace": Namespace.MONITORING.value,
                "labels": {BOARD_LABEL: BOARD_LABEL_VALUE},
                "annotations": {FOLDER_ANNOTATION: FOLDER},
            },
            "data": {f"{board.uid}.json": board_json(board)},
        }
        for board in BOARDS
    )


def prometheus_rule(rules: Values) -> Values:
    """The rules, for Prometheus' operator."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "mcp-observability", "namespace": Namespace.MONITORING.value},
        "spec": rules,
    }
