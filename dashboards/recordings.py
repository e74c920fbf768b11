"""Recording rules: the service level indicators, computed once, read by boards and alerts.

Names follow `level:metric:operation`; the level `mcp` is one server of one namespace.
"""

from dataclasses import dataclass

from dashboards.series import RULE, Series, Source
from dashboards.signals import calls

SERVER = ("namespace", "server")
TOOL = ("namespace", "server", "tool")


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that Prometheus computes from others at every evaluation."""

    record: str
    expr: str
    labels: tuple[str, ...]

    @property
    def series(self) -> Series:
        """The recorded series, to query it."""
        return Series(self.record, frozenset(self.labels), Source.PROXY)


CALL_RATE = Recording("mcp:calls:rate5m", calls.call_rate(RULE, by=SERVER), SERVER)
ERROR_RATIO = Recording("mcp:errors:ratio_rate5m", calls.error_ratio(RULE, by=SERVER), SERVER)
LATENCY_P95 = Recording("mcp:latency:p95_5m", calls.latency(0.95, RULE, by=SERVER), SERVER)
TOOL_RATE = Recording("mcp:tool_calls:rate5m", calls.tool_rate(RULE, TOOL), TOOL)
TOOL_ERROR_RATIO = Recording(
    "mcp:tool_errors:ratio_rate5m", calls.tool_error_ratio(RULE, TOOL), TOOL
)

RECORDINGS = (CALL_RATE, ERROR_RATIO, LATENCY_P95, TOOL_RATE, TOOL_ERROR_RATIO)
