"""Dashboards as ConfigMaps, rules as a PrometheusRule, and the names that Grafana's values use."""

from dashboards import BOARDS, manifests
from dashboards.render import board_json
from stacks.charts import Namespace
from stacks.values import Values

BOARD_LABEL = manifests.BOARD_LABEL
BOARD_LABEL_VALUE = manifests.BOARD_LABEL_VALUE
FOLDER_ANNOTATION = manifests.FOLDER_ANNOTATION
FOLDER = manifests.FOLDER

SECRET = "grafana-admin"
USER_KEY = "admin-user"
PASSWORD_KEY = "admin-password"
USER = "admin"


def board_configmaps() -> tuple[Values, ...]:
    """One ConfigMap per dashboard; Grafana's sidecar loads them into the folder."""
    namespace = Namespace.MONITORING.value
    return tuple(
        manifests.board_configmap(board, board_json(board), namespace, FOLDER) for board in BOARDS
    )


def prometheus_rule(rules: Values) -> Values:
    """The rules as a PrometheusRule."""
    return manifests.prometheus_rule(rules, Namespace.MONITORING.value)
