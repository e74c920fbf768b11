"""The series of faults that are injected: sent by OTLP from a demo, and reported by proxies."""

from dashboards.promql.schema import Source
from dashboards.promql.series import Series
from proxy.telemetry.catalogue import CONTRACT_LABELS, INJECTED_FAULT

INJECTED_FAULTS = Series(
    INJECTED_FAULT.series,
    frozenset((*INJECTED_FAULT.labels, *CONTRACT_LABELS)),
    Source.FAULT_INJECTION,
)
EVERY = (INJECTED_FAULTS,)
