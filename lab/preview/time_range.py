"""The time a board shows, and the steps its queries take through it, as Grafana chooses them."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.preview.errors import PreviewError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

# Grafana rounds a step to such values (rangeutil.roundInterval).
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600)


def seconds(text: str) -> int:
    """A duration such as 5m in seconds; raises PreviewError for any other text."""
    found = re.fullmatch("([1-9][0-9]{0,6})([smhd])", text)
    if found is None:
        raise PreviewError(f'"{text}" is not a duration: a number with s, m, h or d, such as 5m')
    return int(found[1]) * _SECONDS[found[2]]


def moment(text: str, now: float) -> float:
    """A time as Grafana's URLs write it, in seconds since the epoch; raises PreviewError."""
    if text == "now":
        return now
    if text.startswith("now-"):
        return now - seconds(text.removeprefix("now-"))
    if re.fullmatch("[0-9]{10,14}", text):
        return int(text) / 1000
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        known = "now, now-15m, 2026-01-31 12:00:00 (UTC), or milliseconds since 1970"
        raise PreviewError(f'"{text}" is not a time: {known}') from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


@dataclass(frozen=True, slots=True)
class TimeRange:
    """What is shown: from `start` to `end`, in seconds since the epoch.

    `min_step` is the Min step that replaces the boards' own; None keeps theirs. Raises
    PreviewError for a range that does not begin after 1970 and before its end.
    """

    start: float
    end: float
    min_step: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise PreviewError("the time range must begin after 1970 and before its end")

    @property
    def length(self) -> int:
        return max(round(self.end - self.start), 1)

    def least(self, min_step: str) -> int:
        """The Min step of a query whose own is `min_step`, in seconds."""
        return self.min_step or (seconds(min_step) if min_step else 1)

    def step(self, pixels: int, min_step: str) -> int:
        """Seconds between two points of a panel so wide."""
        ideal = self.length / max(pixels, 1)
        rounded = next((each for each in _STEPS if each >= ideal), _STEPS[-1])
        return max(rounded, self.least(min_step))

    def rate_interval(self, step: int, min_step: str) -> int:
        """Grafana's $__rate_interval: wide enough for two samples at every point."""
        least = self.least(min_step)
        return max(step + least, 4 * least)

    def grid(self, step: int) -> tuple[float, float]:
        """Start and end on whole steps, so that the same moments are asked for each time."""
        return math.floor(self.start / step) * step, math.floor(self.end / step) * step
