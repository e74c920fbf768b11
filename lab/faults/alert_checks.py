"""The alerts that fired, compared with those that a fault must cause. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboards.promql.schema import Source
from lab.faults.fault import Fault
from lab.prometheus_api import Sample


@dataclass(frozen=True, slots=True, order=True)
class FiredAlert:
    """An alert that fired; `server` is empty for an alert on the pipeline."""

    alert: str
    server: str

    def __str__(self) -> str:
        return f"{self.alert} of {self.server}" if self.server else self.alert


def alerts_query(seconds: int) -> str:
    """All alerts that fired within the last seconds, even briefly."""
    fired = f'ALERTS{{alertname=~"MCP.+", alertstate="firing"}}[{seconds}s]'
    return f"group by (alertname, server) (last_over_time({fired}))"


def fired_alerts(samples: Iterable[Sample]) -> frozenset[FiredAlert]:
    """The result of `alerts_query`."""
    return frozenset(
        FiredAlert(each.labels["alertname"], each.labels.get("server", "")) for each in samples
    )


@dataclass(frozen=True, slots=True)
class FaultResult:
    """The alerts of a fault, and the panels (board, title) that did not show it."""

    fault: Fault
    fired: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[FiredAlert, ...]
    silent_panels: tuple[tuple[str, str], ...] = ()

    @property
    def passed(self) -> bool:
        return not self.missing and not self.unexpected and not self.silent_panels

    def __str__(self) -> str:
        parts = (
            f"{self.fault}: {', '.join(self.fired) or 'no alert'}",
            *(f"{each} does not fire" for each in self.missing),
            *(f"{each} fires for no reason" for each in self.unexpected),
            *(
                f'board {uid}, panel "{title}" does not show it'
                for uid, title in self.silent_panels
            ),
        )
        return "; ".join(parts)


def evaluate(
    fault: Fault,
    sources: frozenset[Source],
    fired: Iterable[FiredAlert],
    silent_panels: tuple[tuple[str, str], ...] = (),
) -> FaultResult:
    """Compare the alerts attributed to a fault with those expected where `sources` are running."""
    names = {each.alert for each in fired}
    expected = fault.expected_alerts(sources)
    allowed = expected | fault.possible_alerts(sources)
    return FaultResult(
        fault,
        tuple(sorted(names & allowed)),
        tuple(sorted(expected - names)),
        tuple(sorted(each for each in fired if each.alert not in allowed)),
        silent_panels,
    )
