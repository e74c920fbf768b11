"""Numbers as Grafana writes them: its unit ids, checked against @grafana/data 13.2."""

import math
from collections.abc import Callable
from functools import partial

from lab.preview.errors import supported

Formatter = Callable[[float, int | None], str]

_DURATIONS = (
    (1e-6, 1e-9, "ns"),
    (1e-3, 1e-6, "µs"),
    (1, 1e-3, "ms"),
    (60, 1, "s"),
    (3600, 60, "min"),
    (86400, 3600, "hour"),
    (604800, 86400, "day"),
    (31536000, 604800, "week"),
    (math.inf, 3.15569e7, "year"),
)
"""Up to this many seconds: the unit's length in seconds, and its name."""

_PLURAL = frozenset({"min", "hour", "day", "week", "year"})


def fixed(value: float, decimals: int | None) -> str:
    """The number with so many decimals; with None as many as it needs for three digits."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    digits = _needed(value) if decimals is None else decimals
    rounded = math.floor(value * 10**digits + 0.5) / 10**digits
    if rounded and abs(rounded) < 1e-6:
        return f"{rounded:.0e}".replace("e-0", "e-")
    return f"{rounded:.{digits}f}"


def _needed(value: float) -> int:
    if value == int(value):
        return 0
    magnitude = math.floor(math.log10(abs(value)))
    # Grafana's rule asks value * 10^(1 - magnitude) > 2.25, true of every positive number.
    return max(0, 1 - magnitude + (value > 0))


def _plain(suffix: str, value: float, decimals: int | None) -> str:
    return f"{fixed(value, decimals)}{suffix}"


def _percent_of_one(value: float, decimals: int | None) -> str:
    return f"{fixed(value * 100, decimals)}%"


def _scaled(factor: int, suffixes: tuple[str, ...], value: float, decimals: int | None) -> str:
    """The value in the largest of the suffixes' powers of `factor` that it reaches."""
    if value == 0 or not math.isfinite(value):
        return f"{fixed(value, decimals)}{suffixes[0]}"
    power = math.floor(math.log(abs(value)) / math.log(factor) + 1e-12)
    index = min(max(power, 0), len(suffixes) - 1)
    return f"{fixed(value / factor**index, decimals)}{suffixes[index]}"


def _seconds(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0 s"
    size = abs(value)
    length, name = next((unit, name) for bound, unit, name in _DURATIONS if size < bound)
    amount = value / length
    plural = "s" if name in _PLURAL and amount > 1 else ""
    return f"{fixed(amount, decimals)} {name}{plural}"


def _counted(symbol: str) -> Formatter:
    return partial(_scaled, 1000, tuple(f"{each} {symbol}" for each in ("", "K", "M", "B", "T")))


_IEC = (" B", " KiB", " MiB", " GiB", " TiB", " PiB")

FORMATTERS: dict[str, Formatter] = {
    "none": partial(_plain, ""),
    "short": partial(_scaled, 1000, ("", " K", " Mil", " Bil", " Tri")),
    "percent": partial(_plain, "%"),
    "percentunit": _percent_of_one,
    "s": _seconds,
    "bytes": partial(_scaled, 1024, _IEC),
    "binBps": partial(_scaled, 1024, tuple(f"{each}/s" for each in _IEC)),
    "reqps": _counted("req/s"),
    "cps": _counted("c/s"),
    "ops": _counted("ops/s"),
}
"""Unit id -> how a value reads. A unit that is not here is refused, never guessed."""


def formatter(unit: str) -> Formatter:
    """The unit's formatter; raises Unsupported for an unknown id."""
    return FORMATTERS[supported("unit", unit, *sorted(FORMATTERS))]
