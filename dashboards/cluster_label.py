"""The label by which one store distinguishes several clusters: which names it can have."""

import re

from dashboards.third_party_metrics import EVERY
from proxy.telemetry.catalogue import CONTRACT_LABELS, METRICS

_IN_USE = frozenset(("le", "part", "family", "slo", "long", "short")).union(
    CONTRACT_LABELS, *(each.labels for each in METRICS), *(each.labels for each in EVERY)
)
"""Labels that series, rules and alerts carry already."""


class ClusterLabelError(ValueError):
    """An unusable name; one line says which are allowed."""


def cluster_label(text: str) -> str:
    """The label's name, if it can have that. Raises ClusterLabelError."""
    if not re.fullmatch("(?!__)[A-Za-z_][A-Za-z0-9_]*", text):
        raise ClusterLabelError("it must be a label: letters, digits and _")
    if text in _IN_USE:
        raise ClusterLabelError("series carry this label for something else; it must be another")
    return text
