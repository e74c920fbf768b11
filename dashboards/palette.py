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
"""A number without a limit."""

_STATUS_CODES = {"/^2/": "green", "/^3/": "blue", "/^4/": "yellow", "/^5/": "red"}
_ERROR_TYPES = {
    Outcome.TOOL_ERROR: "orange",
    "/^-/": "yellow",
    Outcome.TIMEOUT: "dark-red",
    "connection_error": "red",
}
_BY_LABEL: dict[str, dict[str, str]] = {
    "{{outcome}}": {each: COLOURS[each] for each in Outcome},
    "{{error_type}}": _ERROR_TYPES,
    "{{state}}": {"opening": "blue", "open": "green", "closing": "orange"},
    "{{status_code}}": _STATUS_CODES,
}
"""Legend by one label -> the colours of its values; a name between slashes is a pattern."""

_LOSSES = {"refused": "orange", "failed": "red", "not sent": "red", "not queued": "orange"}
"""The end of a legend after a label's value -> its colour, whatever the value."""


def named(legends: tuple[str, ...]) -> dict[str, str]:
    """The colours of a panel with these legends, by series name or pattern."""
    colours = {name: colour for name, colour in COLOURS.items() if name in legends}
    for legend in legends:
        colours |= _BY_LABEL.get(legend, {})
        _, _, ending = legend.partition("}} ")
        if ending in _LOSSES:
            colours[f"/ {ending}$/"] = _LOSSES[ending]
    return colours


def steps(limit: Limit | None) -> tuple[Step, ...]:
    """A limit as Grafana's thresholds; without one a number is neither good nor bad."""
    if limit is None:
        return (Step(NEUTRAL),)
    if limit.floor:
        return (Step("red"), Step("green", limit.critical))
    middle = () if limit.warning is None else (Step("orange", limit.warning),)
    return (*BASE, *middle, Step("red", limit.critical))


def mappings(texts: tuple[tuple[int, str], ...]) -> list[Json]:
    """Texts in place of values, as Grafana's value mappings."""
    options = {str(value): {"index": i, "text": text} for i, (value, text) in enumerate(texts)}
    return [{"type": "value", "options": options}] if texts else []


def coloured(texts: dict[str, str]) -> list[Json]:
    """Texts in colours of their own, as Grafana's value mappings."""
    options = {
        text: {"color": colour, "index": i, "text": text}
        for i, (text, colour) in enumerate(texts.items())
    }
    return [{"type": "value", "options": options}]
