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
    Fault.OPERATOR: "orange",
    Fault.SERVER: "red",
    Fault.PROXY: "purple",
    "errors": "red",
    "calls": "blue",
    "behind the proxy": "blue",
    "whole call": "blue",
    "in the proxy": "purple",
    "out of order": "orange",
    "too old": "red",
    "failures": "red",
}
"""Series name -> colour of Grafana; names that are not here take the classic palette."""

NEUTRAL = "blue"
"""A number that nobody judges."""

_STATUS_CODES = {"/^2/": "green", "/^3/": "blue", "/^4/": "yellow", "/^5/": "red"}
_ERROR_TYPES = {
    Outcome.TOOL_ERROR: "orange",
    "/^-/": "yellow",
    Outcome.TIMEOUT: "dark-red",
    "connection_error": "red",
}
_FAMILIES: dict[str, dict[str, str]] = {
    "{{outcome}}": {each: COLOURS[each] for each in Outcome},
    "{{error_type}}": _ERROR_TYPES,
    "{{state}}": {"opening": "blue", "open": "green", "closing": "orange"},
    "{{status_code}}": _STATUS_CODES,
}
"""Legend by one label -> the colours of its values; a name between slashes is a pattern."""

_LOSSES = {"refused": "orange", "failed": "red", "not sent": "red", "not queued": "orange"}
"""What is said of a label's value in a legend -> its colour, whatever the value."""


def named(legends: tuple[str, ...]) -> dict[str, str]:
    """The colours of a panel with these legends, by series name or pattern."""
    colours = {name: colour for name, colour in COLOURS.items() if name in legends}
    for legend in legends:
        colours |= _FAMILIES.get(legend, {})
        _, _, said = legend.partition("}} ")
        if said in _LOSSES:
            colours[f"/ {said}$/"] = _LOSSES[said]
    return colours


def steps(limit: Limit | None) -> tuple[Step, ...]:
    """A limit as Grafana's thresholds; what nobody judges is neither good nor bad."""
    if limit is None:
        return (Step(NEUTRAL),)
    if limit.floor:
        return (Step("red"), Step("green", limit.critical))
    middle = () if limit.warning is None else (Step("orange", limit.warning),)
    return (*BASE, *middle, Step("red", limit.critical))


def mappings(words: tuple[tuple[int, str], ...]) -> list[Json]:
    """Words in the place of values, as Grafana's value mappings."""
    options = {str(value): {"index": i, "text": word} for i, (value, word) in enumerate(words)}
    return [{"type": "value", "options": options}] if words else []


def coloured(words: dict[str, str]) -> list[Json]:
    """Words in colours of their own, as Grafana's value mappings."""
    options = {
        word: {"color": colour, "index": i, "text": word}
        for i, (word, colour) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}]
