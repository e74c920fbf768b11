"""The time a board shows, and the steps its queries take through it, as Grafana chooses them."""

import math
import re
from dataclasses import dataclass

from lab.preview.errors import PreviewError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

# Grafana rounds a step to such values (rangeutil.roundInterval).
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600)


def seconds(text: str) -> int:
    """A duration such as 5m in seconds; raises PreviewError for any other text."""
    found = re.fullmatch("([1-9][0-9]*)([smhd])", text)
    if found is None:
        raise PreviewError(f'"{text}" is no duration: one number with s, m, h or d, such as 5m')
    return int(found[1]) * _SECONDS[found[2]]


@dataclass(frozen=True, slots=True)
class Window:
    """What is shown: `length` seconds up to `end`, in seconds since the epoch.

    `min_step` is the Min step that replaces the boards' own; None keeps theirs.
    """

    end: float
    length: int
    min_step: int | None = None

    @property
    def start(self) -> float:
        return self.end - self.length

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
