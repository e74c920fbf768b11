"""What passes the collector and what it loses, at its receivers and at its exporters."""

from dataclasses import dataclass

from dashboards import third_party_metrics as metrics
from dashboards.promql.expression import Expr
from dashboards.promql.functions import or_zero
from dashboards.promql.scope import Scope
from dashboards.promql.series import By, Series

QUEUE = ("exporter", "data_type")
"""The labels that identify a sending queue."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One end of the collector for one signal: what passes, and two ways to lose it.

    `by` is the label of the component: `receiver` or `exporter`.
    """

    by: str
    passed: Series
    losses: tuple[Series, Series]

    def rate(self, scope: Scope) -> Expr:
        """What passes per second, by component."""
        return self.passed.rate(scope, by=(self.by,))

    def loss_rates(self, scope: Scope) -> tuple[Expr, Expr]:
        """Both losses per second; 0 for every component that anything passed."""
        first, second = (each.rate(scope, by=(self.by,)) for each in self.losses)
        passed = self.rate(scope)
        return or_zero(first, passed), or_zero(second, passed)


SPANS_IN = Stage("receiver", metrics.ACCEPTED_SPANS, (metrics.REFUSED_SPANS, metrics.BROKEN_SPANS))
SPANS_OUT = Stage("exporter", metrics.SENT_SPANS, (metrics.UNSENT_SPANS, metrics.UNQUEUED_SPANS))
POINTS_IN = Stage(
    "receiver", metrics.ACCEPTED_POINTS, (metrics.REFUSED_POINTS, metrics.BROKEN_POINTS)
)
POINTS_OUT = Stage(
    "exporter", metrics.SENT_POINTS, (metrics.UNSENT_POINTS, metrics.UNQUEUED_POINTS)
)

RECORDS_IN = Stage(
    "receiver", metrics.ACCEPTED_RECORDS, (metrics.REFUSED_RECORDS, metrics.BROKEN_RECORDS)
)
RECORDS_OUT = Stage(
    "exporter", metrics.SENT_RECORDS, (metrics.UNSENT_RECORDS, metrics.UNQUEUED_RECORDS)
)


def queue_usage(scope: Scope, by: By = QUEUE) -> Expr:
    """How full the sending queues are, from 0 to 1."""
    return metrics.QUEUE_SIZE.now(scope, by=by) / metrics.QUEUE_CAPACITY.now(scope, by=by)
