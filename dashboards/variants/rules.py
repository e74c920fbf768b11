"""Recording rules and alerts adapted to a variant, in the same order."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dashboards.alerts import Alert, Runbook
from dashboards.promql.schema import SeriesMapping
from dashboards.recordings.recording import Recording
from dashboards.variants.variant import Variant

Groups = Mapping[str, tuple[Alert, ...]]


def recorded(every: Iterable[Recording], variant: Variant) -> tuple[tuple[Recording, ...], Variant]:
    """The recordings that the variant can compute, and the variant with their series."""
    kept: list[Recording] = []
    for each in every:
        expr = each.expr.render(variant.schema)
        if expr and expr.sources:
            name = variant.record(each.record)
            kept.append(replace(each, record=name, expr=expr))
            mapping = SeriesMapping(name, expr.labels)
            variant = variant.with_schema(variant.schema.with_series(each.record, mapping))
    return tuple(kept), variant


def alerts(groups: Groups, variant: Variant) -> dict[str, tuple[Alert, ...]]:
    """The alerts that can fire in the variant, by the name of their group; none is empty."""
    adapted = {
        name: tuple(filter(None, (_alert(each, variant) for each in group)))
        for name, group in groups.items()
    }
    return {name: group for name, group in adapted.items() if group}


def _alert(alert: Alert, variant: Variant) -> Alert | None:
    expr, condition = (e.render(variant.schema) for e in (alert.expr, alert.condition))
    if not (expr and expr.sources and condition and condition.sources):
        return None
    return replace(
        alert,
        name=variant.alert(alert.name),
        expr=expr,
        condition=condition,
        summary=variant.alert_text(alert.summary, condition.labels),
        description=variant.alert_text(alert.description, condition.labels),
        runbook=_runbook(alert, variant),
        board=variant.uid(alert.board),
        runbook_file=variant.runbook_file,
        default_name=alert.name,
    )


def _runbook(alert: Alert, variant: Variant) -> Runbook:
    """The section in the variant's texts; its query, or the alert's own if that has no data."""
    section = alert.runbook
    query = alert.condition if section.confirm is None else section.confirm
    confirm = query.render(variant.schema) or alert.expr.render(variant.schema)
    return Runbook(
        variant.text(section.symptom),
        variant.text(section.cause),
        variant.text(section.fix),
        confirm,
        variant.text(section.notes),
    )
