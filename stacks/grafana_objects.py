"""Dashboards as ConfigMaps, rules as a PrometheusRule, and the names that Grafana's values use."""

from dashboards import BOARDS, manifests
from dashboards.render import board_json
from stacks.secret_values import SecretValue, checksum
from stacks.values import Values

BOARD_LABEL = manifests.BOARD_LABEL
BOARD_LABEL_VALUE = manifests.BOARD_LABEL_VALUE
FOLDER_ANNOTATION = manifests.FOLDER_ANNOTATION
FOLDER = manifests.FOLDER

SECRET = "grafana-admin"
USER_KEY = "admin-user"
PASSWORD_KEY = "admin-password"
USER = "admin"


def admin_secret(password: SecretValue, namespace: str) -> Values:
    """The Secret with the credentials of Grafana's administrator."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": namespace},
        "type": "Opaque",
        "stringData": {USER_KEY: USER, PASSWORD_KEY: password},
    }


def admin_checksum(password: SecretValue) -> object:
    """Changes with the password; in an annotation of Grafana's pod it makes it restart."""
    return checksum(SECRET, {PASSWORD_KEY: password})


def board_configmaps(namespace: str) -> tuple[Values, ...]:
    """One ConfigMap per dashboard; Grafana's sidecar loads them into the folder."""
    return tuple(
        manifests.board_configmap(board, board_json(board), namespace, FOLDER) for board in BOARDS
    )


def prometheus_rule(rules: Values, namespace: str) -> Values:
    """The rules as a PrometheusRule."""
    return manifests.prometheus_rule(rules, namespace)
