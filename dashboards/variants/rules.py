"""Recording rules and alerts of the series contract -> those of a dialect, in the same order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dashboards.alerts import Alert
from dashboards.recording import Recording
from dashboards.variants.expression import translated
from dashboards.variants.label_schema import LabelSchema
from dashboards.variants.panels import label_aliases

Groups = Mapping[str, tuple[Alert, ...]]


def recorded(
    every: Iterable[Recording], dialect: LabelSchema
) -> tuple[tuple[Recording, ...], LabelSchema]:
    """The recordings that the dialect can compute, and the dialect with their series."""
    kept: list[Recording] = []
    for each in every:
        part = translated(each.expr, dialect)
        if part:
            name, labels = dialect.names.record(each.record), tuple(part.labels.values())
            kept.append(replace(each, record=name, expr=part.text, labels=labels))
            dialect = dialect.with_recorded(each.record, part.labels)
    return tuple(kept), dialect


def alerts(groups: Groups, dialect: LabelSchema) -> dict[str, tuple[Alert, ...]]:
    """The alerts that can fire in the dialect, by the name of their group; none is empty."""
    translations = {
        dialect.names.group(name): tuple(filter(None, (_alert(each, dialect) for each in group)))
        for name, group in groups.items()
    }
    return {name: group for name, group in translations.items() if group}


def _alert(alert: Alert, dialect: LabelSchema) -> Alert | None:
    watched, condition = (translated(e, dialect) for e in (alert.expr, alert.condition))
    if watched is None or condition is None:
        return None
    return replace(
        alert,
        name=dialect.names.alert(alert.name),
        expr=watched.text,
        condition=condition.text,
        summary=_about(alert.summary, condition.labels),
        description=_about(alert.description, condition.labels),
        board=dialect.names.uid(alert.board),
        runbook=dialect.names.runbook,
        contract=alert.name,
        label_aliases=label_aliases(dialect),
    )


def _about(template: str, labels: Mapping[str, str]) -> str:
    """A template of Prometheus with the labels' names in the dialect."""
    return re.sub(r"\$labels\.(\w+)", lambda f: f"$labels.{labels.get(f[1], f[1])}", template)
