"""Boards and rules as Kubernetes objects: what Grafana's sidecar and Prometheus' operator take."""

from dashboards.board import Board

Manifest = dict[str, object]

BOARD_LABEL = "grafana_dashboard"
BOARD_LABEL_VALUE = "1"
FOLDER_ANNOTATION = "grafana_folder"
FOLDER = "MCP"
NAMESPACE = "monitoring"
"""Where the stack, and kube-prometheus-stack by habit, keeps Grafana and Prometheus."""


def board_configmap(board: Board, text: str, namespace: str, folder: str) -> Manifest:
    """A ConfigMap of the board's JSON, which Grafana's sidecar loads into the folder."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"board-{board.uid}",
            "namespace": namespace,
            "labels": {BOARD_LABEL: BOARD_LABEL_VALUE},
            "annotations": {FOLDER_ANNOTATION: folder},
        },
        "data": {f"{board.uid}.json": text},
    }


def prometheus_rule(rules: Manifest, namespace: str, prefix: str = "mcp") -> Manifest:
    """The rules, for Prometheus' operator; the prefix tells sets of rules apart."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"{prefix}-observability", "namespace": namespace},
        "spec": rules,
    }
