"""Relabelling as Prometheus does it, for the actions that the stack's monitors use."""

import re
from typing import Any

Labels = dict[str, str]


def relabel(labels: Labels, rules: list[dict[str, Any]]) -> Labels | None:
    """The labels after the rules; None if they dropped the target or sample."""
    current = dict(labels)
    for rule in rules:
        action = rule.get("action", "replace")
        names = rule.get("sourceLabels", [])
        value = rule.get("separator", ";").join(current.get(name, "") for name in names)
        found = re.fullmatch(rule.get("regex", "(.*)"), value, re.DOTALL)
        if action == "replace" and found:
            current[rule["targetLabel"]] = found.expand(rule.get("replacement", r"\1"))
        elif (action, bool(found)) in (("keep", False), ("drop", True)):
            return None
        elif action == "labeldrop":
            current = {
                name: each
                for name, each in current.items()
                if not re.fullmatch(rule["regex"], name)
            }
    return {name: each for name, each in current.items() if each}


def target_labels(endpoint: dict[str, Any], discovered: Labels, base: Labels) -> Labels:
    """A target's labels: the operator's own first, then the endpoint's relabelling."""
    labels = relabel({**discovered, **base}, endpoint.get("relabelings", []))
    assert labels is not None
    return {name: each for name, each in labels.items() if not name.startswith("__")}


def sample_labels(endpoint: dict[str, Any], target: Labels, exposed: Labels) -> Labels | None:
    """A sample's labels: exposed and target's joined as honorLabels says, then relabelled."""
    joined = {**target, **exposed}
    if not endpoint.get("honorLabels", False):
        moved = {f"exported_{name}": each for name, each in exposed.items() if name in target}
        joined = {**exposed, **moved, **target}
    return relabel(joined, endpoint.get("metricRelabelings", []))
