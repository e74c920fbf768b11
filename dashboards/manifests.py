"""Boards and rules as Kubernetes objects, for Grafana's sidecar and Prometheus' operator."""

from dashboards.board import Board

Manifest = dict[str, object]

BOARD_LABEL = "grafana_dashboard"
BOARD_LABEL_VALUE = "1"
FOLDER_ANNOTATION = "grafana_folder"
UNSUBSTITUTED = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
"""Flux's post-build substitution would replace Grafana's `${...}` by nothing."""
FOLDER = "MCP"
NAMESPACE = "monitoring"
"""The namespace of Grafana and Prometheus in the stack, and usually of kube-prometheus-stack."""


def board_configmap(board: Board, text: str, namespace: str, folder: str) -> Manifest:
    """A ConfigMap of the board's JSON, which Grafana's sidecar loads into the folder."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"board-{board.uid}",
            "namespace": namespace,
            "labels": {BOARD_LABEL: BOARD_LABEL_VALUE},
            "annotations": {FOLDER_ANNOTATION: folder, **UNSUBSTITUTED},
        },
        "data": {f"{board.uid}.json": text},
    }


def prometheus_rule(rules: object, namespace: str, prefix: str = "mcp") -> Manifest:
    """The rules, for Prometheus' operator; `prefix` is that of the variant."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": f"{prefix}-observability",
            "namespace": namespace,
            "annotations": dict(UNSUBSTITUTED),
        },
        "spec": rules,
    }
