"""Events drawn across all panels of a board."""

from dataclasses import dataclass

from dashboards import fault_metrics, third_party_metrics
from dashboards.expressions import changes, proxies
from dashboards.promql.expression import Expr, Replace
from dashboards.promql.functions import aggregate
from dashboards.promql.scope import EVERYTHING, SELECTED
from dashboards.signals.slis import FIRING_ALERTS


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks the moments at which `expr` has a value; `title` is a template of Grafana."""

    name: str
    expr: Expr
    title: str
    color: str


RESTARTS = Annotation(
    "Proxy restarts",
    proxies.STARTED.select(SELECTED).over("changes", SELECTED.window) > 0,
    "{{server}} restarted",
    "blue",
)
_FIRING = third_party_metrics.ALERTS.select(EVERYTHING, *FIRING_ALERTS)
# Not as long as it fires: a few lasting alerts would cover every graph in red.
FIRING = Annotation(
    "Alerts that begin to fire",
    _FIRING.unless(_FIRING.ago(EVERYTHING.window)),
    "{{alertname}} {{server}}",
    "red",
)

CHANGED = Annotation(
    "Changed tools",
    changes.increase(SELECTED) > 0,
    "{{server}} {{change}}",
    "purple",
)

# The server of a mystery would give it away.
_INJECTED = Replace(
    fault_metrics.INJECTED_FAULTS.select(EVERYTHING).over("max_over_time", "$__interval"),
    made="server",
    value="",
    label="fault",
    pattern="mystery",
)
# A demo and the proxy that injects a fault may both report it.
INJECTED = Annotation(
    "Injected faults",
    aggregate("max", _INJECTED, ("fault", "level", "server")) > 0,
    "{{fault}} {{level}} {{server}}",
    "orange",
)
"""From the start of a fault to its end; a lab's only."""

ANNOTATIONS = (RESTARTS, FIRING, CHANGED, INJECTED)
