"""What is known of a running demo at one moment. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.preview.traces import Trace

WINDOW_SECONDS = 30
"""Of rates and latencies: short, so that a fault shows at once."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the demo; `reason` says why it is not ready, and is "" if it is.

    `known` is False until it was asked for the first time.
    """

    name: str
    reason: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """What the callers of one server experience; None where there is no value.

    `rate` is in calls per second, `errors` a share of them, `p50` and `p95` are in seconds. The
    budgets are what is left of the calls that may fail, and of those that may be slow.
    """

    server: str
    rate: float | None = None
    errors: float | None = None
    p50: float | None = None
    p95: float | None = None
    availability_budget: float | None = None
    latency_budget: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What Prometheus has: `outcomes` are calls per second, `alerts` are those that fire."""

    servers: tuple[ServerFigures, ...]
    outcomes: Mapping[str, float]
    alerts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A demo at one moment; `figures` and `trace` are None until there are some.

    `faults` are those switched on. `seconds` is the age of the demo and `memory_bytes` the memory
    of all its processes, 0 while it is not known. The notes say why Prometheus or the trace store
    does not answer.
    """

    architecture: str
    boards: str
    seconds: float
    memory_bytes: int
    parts: tuple[Part, ...]
    figures: Figures | None = None
    figures_note: str = ""
    trace: Trace | None = None
    trace_note: str = ""
    faults: tuple[str, ...] = ()

    @property
    def figures_known(self) -> bool:
        """Whether Prometheus was asked already."""
        return self.figures is not None or bool(self.figures_note)

    @property
    def complete(self) -> bool:
        """Whether every source has been asked, and figures and a trace were found."""
        asked = all(each.known for each in self.parts) and bool(self.memory_bytes)
        return asked and self.figures is not None and self.trace is not None
