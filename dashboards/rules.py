"""Recording rules and alerts as one plain Prometheus rule document."""

from dataclasses import dataclass
from typing import Any

from dashboards import native_histograms, renamed_series
from dashboards.alerts import Alert
from dashboards.bundles import MonitoringBundle, monitoring_bundle
from dashboards.recordings.recording import Group, Recording
from dashboards.thresholds import DEFAULTS, Thresholds

Rule = dict[str, object]
RuleGroup = dict[str, Any]


def rules_document(thresholds: Thresholds = DEFAULTS) -> dict[str, Any]:
    """The rules of the default variant, as `document` gives them."""
    return document(monitoring_bundle(thresholds=thresholds))


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """How rules are written: the most rules of a group, and what links of alerts begin with.

    With `native_histograms` they restore the classic histograms that boards and rules read.
    """

    group_size: int | None = None
    runbook_prefix: str = ""
    dashboard_prefix: str = ""
    native_histograms: bool = False


def document(bundle: MonitoringBundle, options: RuleOptions = RuleOptions()) -> dict[str, Any]:
    """`{"groups": [...]}`, for Prometheus' `rule_files` and PrometheusRule's `spec`."""
    prefix = bundle.variant.prefix
    groups = dict.fromkeys(each.group for each in bundle.recordings)
    recorded = [_recorded(bundle, each) for each in groups]
    alerts = [
        {"name": f"{prefix}-{name}", "rules": [_alert(each, options) for each in group]}
        for name, group in bundle.alerts.items()
    ]
    every: list[RuleGroup] = [*_restored(bundle, options), _renamed(bundle), *recorded, *alerts]
    return {"groups": [part for each in every for part in _parts(each, options.group_size)]}


def _restored(bundle: MonitoringBundle, options: RuleOptions) -> list[RuleGroup]:
    if not options.native_histograms:
        return []
    name = f"{bundle.variant.prefix}-classic-histograms"
    rules = native_histograms.restored(bundle)
    return [{"name": name, "interval": native_histograms.INTERVAL, "rules": rules}]


def _renamed(bundle: MonitoringBundle) -> RuleGroup:
    cluster = bundle.variant.schema.cluster
    rules = list(renamed_series.rules(cluster.name if cluster else None))
    name = f"{bundle.variant.prefix}-renamed-series"
    return {"name": name, "interval": renamed_series.INTERVAL, "rules": rules}


def _parts(group: RuleGroup, size: int | None) -> list[RuleGroup]:
    """The group in numbered parts of so many rules; a part may read another's last evaluation."""
    rules: list[Rule] = group["rules"]
    if size is None or len(rules) <= size:
        return [group]
    starts = range(0, len(rules), size)
    return [
        {**group, "name": f"{group['name']}-{number}", "rules": rules[start : start + size]}
        for number, start in enumerate(starts, 1)
    ]


def _recorded(bundle: MonitoringBundle, group: Group) -> RuleGroup:
    rules = [_recording(each) for each in bundle.recordings if each.group == group]
    name = f"{bundle.variant.prefix}-{group.name}"
    return {"name": name, "interval": group.interval, "rules": rules}


def _recording(recording: Recording) -> Rule:
    return {"record": recording.record, "expr": str(recording.expr)}


def _alert(alert: Alert, options: RuleOptions) -> Rule:
    return {
        "alert": alert.name,
        "expr": str(alert.condition),
        "for": alert.for_,
        "labels": {"severity": str(alert.severity), **alert.labels},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": options.runbook_prefix + alert.runbook_url,
            "dashboard_url": options.dashboard_prefix + alert.dashboard_url,
        },
    }
