"""One colour for one meaning, on every board."""

from dashboards.grafana import BASE, Json, Step
from dashboards.limits import Limit
from proxy.telemetry.catalogue import Fault, Outcome

COLOURS = {
    "p50": "light-blue",
    "p95": "blue",
    "p99": "dark-blue",
    Outcome.OK: "green",
    Outcome.TOOL_ERROR: "orange",
    Outcome.PROTOCOL_ERROR: "yellow",
    Outcome.TRANSPORT_ERROR: "red",
    Outcome.TIMEOUT: "dark-red",
    Outcome.CANCELLED: "text",
    Outcome.REJECTED: "purple",
    Fault.CALLER: "yellow",
    Fault.SERVER: "red",
    Fault.PROXY: "purple",
}
"""Series name -> colour of Grafana; names that are not here take the classic palette."""


def named(legends: tuple[str, ...]) -> dict[str, str]:
    """The colours of a panel with these legends; a legend by outcome may show any outcome."""
    names = set(legends)
    if "{{outcome}}" in names:
        names |= set(Outcome)
    return {name: colour for name, colour in COLOURS.items() if name in names}


def steps(limit: Limit | None) -> tuple[Step, ...]:
    """A limit as Grafana's thresholds."""
    if limit is None:
        return BASE
    if limit.floor:
        return (Step("red"), Step("green", limit.critical))
    middle = () if limit.warning is None else (Step("orange", limit.warning),)
    return (*BASE, *middle, Step("red", limit.critical))


def mappings(words: tuple[tuple[int, str], ...]) -> list[Json]:
    """Words in the place of values, as Grafana's value mappings."""
    options = {str(value): {"index": i, "text": word} for i, (value, word) in enumerate(words)}
    return [{"type": "value", "options": options}] if words else []
