"""Events drawn across all panels of a board."""

from dataclasses import dataclass

from dashboards import series, third_party_metrics
from dashboards.series import EVERYTHING, SELECTED
from dashboards.signals.slis import OURS
from proxy.telemetry import catalogue


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks the moments at which `expr` has a value; `title` is a template of Grafana."""

    name: str
    expr: str
    title: str
    color: str


_STARTED = series.of(catalogue.PROCESS_START_TIME).select(SELECTED)

RESTARTS = Annotation(
    "Proxy restarts",
    f"changes({_STARTED}[{SELECTED.window}]) > 0",
    "{{server}} restarted",
    "blue",
)
_FIRING = third_party_metrics.ALERTS.select(EVERYTHING, *OURS)
# Not all the time that it fires: some alerts that last would cover every graph in red.
FIRING = Annotation(
    "Alerts that begin to fire",
    f"{_FIRING} unless {_FIRING} offset {EVERYTHING.window}",
    "{{alertname}} {{server}}",
    "red",
)

ANNOTATIONS = (RESTARTS, FIRING)
