"""Which alerts tell of what, and whether they are those that a fault must have. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboards.promql.schema import Source
from lab.faults.fault import Fault
from lab.prometheus_api import Sample


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """An alert that fired; `server` is empty for one of the pipeline."""

    alert: str
    server: str

    def __str__(self) -> str:
        return f"{self.alert} of {self.server}" if self.server else self.alert


def alerts_query(seconds: int) -> str:
    """All alerts that fired within the last seconds, if only for a moment."""
    fired = f'ALERTS{{alertname=~"MCP.+", alertstate="firing"}}[{seconds}s]'
    return f"group by (alertname, server) (last_over_time({fired}))"


def told(samples: Iterable[Sample]) -> frozenset[Told]:
    """The answer to `alerts_query`."""
    return frozenset(
        Told(each.labels["alertname"], each.labels.get("server", "")) for each in samples
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fault came to: alerts that had to fire and did not, and those that had no reason to.

    `dark` are the panels that had to tell of it and told nothing.
    """

    fault: Fault
    fired: tuple[str, ...]
    silent: tuple[str, ...]
    false: tuple[Told, ...]
    dark: tuple[tuple[str, str], ...] = ()

    @property
    def good(self) -> bool:
        return not self.silent and not self.false and not self.dark

    def __str__(self) -> str:
        parts = (
            f"{self.fault}: {', '.join(self.fired) or 'no alert'}",
            *(f"{each} does not fire" for each in self.silent),
            *(f"{each} fires for no reason" for each in self.false),
            *(f'board {board}, panel "{panel}" does not show it' for board, panel in self.dark),
        )
        return "; ".join(parts)


def judge(
    fault: Fault,
    sources: frozenset[Source],
    seen: frozenset[Told],
    dark: tuple[tuple[str, str], ...] = (),
) -> Verdict:
    """What a fault came to where those sources run; `seen` are the alerts that it answers for."""
    names = {each.alert for each in seen}
    expected = fault.must(sources)
    known = expected | fault.may(sources)
    return Verdict(
        fault,
        tuple(sorted(names & known)),
        tuple(sorted(expected - names)),
        tuple(sorted(each for each in seen if each.alert not in known)),
        dark,
    )
