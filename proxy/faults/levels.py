"""How strong an injected fault is: percentages, durations, latencies, numbers and sizes. Pure."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%?")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(KiB|MiB)")
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)=(.+)")
_UNITS = {"ms": 0.001, "s": 1.0, "KiB": 2.0**10, "MiB": 2.0**20}

MAX_SECONDS = 600.0
MAX_NUMBER = 10_000
MAX_BYTES = 256 * 2**20

OF_OVERSIZE_ANSWERS = 0.1
"""The share of calls with an oversize answer: more would keep a laptop busy with bytes."""


class LevelInvalid(ValueError):
    """A text that is not a level of its kind."""


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution by some of its percentiles: (share of calls, seconds), both rising.

    Between two of them the logarithm of the latency is linear; below the first the latency is
    linear from 0, above the last it is constant.
    """

    percentiles: tuple[tuple[float, float], ...]

    def at(self, share: float) -> float:
        """The latency that this share of calls, 0 to 1, does not exceed; in seconds."""
        first_share, first = self.percentiles[0]
        if share <= first_share:
            return first * share / first_share if len(self.percentiles) > 1 else first
        for (low, fast), (high, slow) in pairwise(self.percentiles):
            if share <= high:
                return fast * math.pow(slow / fast, (share - low) / (high - low))
        return self.percentiles[-1][1]


@dataclass(frozen=True, slots=True)
class LevelKind:
    """A level's name with its limit, an example, and a parser that raises LevelInvalid."""

    name: str
    example: str
    parse: Callable[[str], object]


def share(text: str) -> float:
    """A percentage as a share, above 0 to 1: 20% is 0.2."""
    found = _PERCENT.fullmatch(text)
    value = float(found[1]) if found else 0.0
    if not 0 < value <= 100:
        raise LevelInvalid(text)
    return value / 100


def seconds(text: str) -> float:
    """A duration above 0 to MAX_SECONDS, such as 200ms or 2s."""
    found = _DURATION.fullmatch(text)
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < value <= MAX_SECONDS:
        raise LevelInvalid(text)
    return value


def latency(text: str) -> Latency:
    """A duration for all calls, or percentiles such as p50=100ms,p99=2s."""
    if "=" not in text:
        return Latency(((1.0, seconds(text)),))
    found = [_PERCENTILE.fullmatch(each) for each in text.split(",")]
    points = tuple((float(each[1]) / 100, seconds(each[2])) for each in found if each)
    rising = all(low < high and fast <= slow for (low, fast), (high, slow) in pairwise(points))
    if len(points) < len(found) or not rising or not 0 < points[0][0] <= points[-1][0] <= 1:
        raise LevelInvalid(text)
    return Latency(points)


def number(text: str) -> int:
    """A number from 1 to MAX_NUMBER."""
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 0 < value <= MAX_NUMBER:
        raise LevelInvalid(text)
    return value


def size(text: str) -> int:
    """Bytes, from 1 to MAX_BYTES, such as 20MiB."""
    found = _SIZE.fullmatch(text)
    value = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= value <= MAX_BYTES:
        raise LevelInvalid(text)
    return int(value)


SHARE = LevelKind("percentage of calls", "20%", share)
INTERVAL = LevelKind(f"time between two, up to {MAX_SECONDS:g}s", "10s", seconds)
PAUSE = LevelKind(f"time without an answer, up to {MAX_SECONDS:g}s", "2s", seconds)
LATENCY = LevelKind(
    f"latency up to {MAX_SECONDS:g}s, percentiles rising", "200ms or p50=100ms,p99=2s", latency
)
NUMBER = LevelKind(f"number from 1 to {MAX_NUMBER}", "50", number)
SIZE = LevelKind(f"size up to {MAX_BYTES / _UNITS['MiB']:g}MiB", "20MiB", size)
