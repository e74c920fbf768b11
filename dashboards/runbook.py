"""The runbook of a bundle in Markdown: one section per alert, generated from the alerts."""

from collections.abc import Iterator
from textwrap import fill

from dashboards.alerts import RUNBOOK, Alert
from dashboards.bundles import MonitoringBundle
from dashboards.promql.expression import number
from dashboards.thresholds import Thresholds

_WIDTH = 120
_UNITS = {"m": "minute", "h": "hour"}

_INTRODUCTION = (
    "One section per alert: the symptom, its cause, a query that confirms it, how to fix it. An"
    " alert's `runbook_url` ends in its name.",
    "Severities: **critical** pages someone now, **warning** waits for working hours, **info**"
    " explains other alerts and pages nobody. `python -m dashboards OUT --thresholds FILE` changes"
    " the thresholds; `--help` lists them with their reasons.",
)


def runbook(bundle: MonitoringBundle) -> str:
    """The runbook, under the bundle's thresholds."""
    variant = bundle.variant
    title = "Runbook" if variant.runbook_file == RUNBOOK else f"Runbook: {variant.alert_prefix}"
    titles = {board.uid: board.title for board in bundle.boards}
    sections = (_section(each, titles[each.board], bundle) for each in bundle.every_alert)
    parts = (f"# {title}", *map(_wrapped, _INTRODUCTION), *sections)
    return "\n\n".join(parts) + "\n"


def _section(alert: Alert, board: str, bundle: MonitoringBundle) -> str:
    parts = (
        f"## {alert.name}",
        _wrapped(" ".join(_facts(alert, board, bundle.thresholds))),
        _wrapped(f"**Symptom.** {alert.runbook.symptom}"),
        _wrapped(f"**Cause.** {alert.runbook.cause}"),
        f"**Confirm.**\n\n```promql\n{alert.runbook.confirm}\n```",
        _wrapped(alert.runbook.notes),
        _wrapped(f"**Fix.** {alert.runbook.fix}"),
    )
    return "\n\n".join(filter(None, parts))


def _facts(alert: Alert, board: str, thresholds: Thresholds) -> Iterator[str]:
    yield f"Severity: {alert.severity}, after {_spoken(alert.for_)}. Board: {board}."
    values = (f"`{key}` {number(getattr(thresholds, key))}" for key in alert.threshold_keys)
    if alert.threshold_keys:
        yield f"Thresholds: {', '.join(values)}."


def _spoken(duration: str) -> str:
    """5m as 5 minutes."""
    amount, unit = duration[:-1], _UNITS[duration[-1]]
    return f"{amount} {unit}{'' if amount == '1' else 's'}"


def _wrapped(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
