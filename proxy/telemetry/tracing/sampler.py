"""Which traces are sampled, decided from the trace id alone, before any span is built.

The names and the ratio's arithmetic are those of the OpenTelemetry specification, so that the
proxy and the SDKs around it take the same decision for the same trace.
"""

from dataclasses import dataclass
from typing import Final

from .context import TraceContext

_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Sampler:
    """Samples roots by `ratio`; children likewise, or as their parent was if `parent_based`."""

    ratio: float
    parent_based: bool

    def samples(self, trace_id: int, parent: TraceContext | None) -> bool:
        """Whether a request of this trace is sampled."""
        if self.parent_based and parent is not None:
            return parent.sampled
        return trace_id & _MASK < round(self.ratio * (_MASK + 1))


OFF = Sampler(0.0, parent_based=False)

FIXED = {
    "always_on": Sampler(1.0, parent_based=False),
    "always_off": OFF,
    "parentbased_always_on": Sampler(1.0, parent_based=True),
    "parentbased_always_off": Sampler(0.0, parent_based=True),
}
"""Samplers by their `OTEL_TRACES_SAMPLER` name that take no argument."""

RATIO = {"traceidratio": False, "parentbased_traceidratio": True}
"""Samplers that take a ratio: whether each is parent based."""
