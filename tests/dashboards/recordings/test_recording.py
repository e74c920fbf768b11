"""Rates over long windows are the means of recorded rates over their parts."""

from dashboards.recordings.recording import PARTS
from tests.dashboards.alerts.cases import OF
from tests.dashboards.recordings.cases import Recorded, recordings_test

MEANS = {"6h": 697.5, "1d": 691, "3d": 676, "30d": 376}
"""Of a value that is the hour's number, at hour 700, over the starts of the window's parts."""


def long_window(noun: str, window: str, more: str = "") -> Recorded:
    return Recorded(
        f"{noun} over {window}: the mean of the parts",
        {f"mcp:{noun}:rate{PARTS[window][1]}{{{OF}{more}}}": "0+1x700"},
        {f"mcp:{noun}:rate{window}": MEANS[window]},
        *("700h", "1h", more),
    )


CASES = (
    *(long_window(noun, window) for noun in ("calls", "errors", "slow") for window in PARTS),
    *(long_window("tool_calls", window, ',tool="fetch"') for window in ("6h", "1d")),
    Recorded(
        "what a new server lacks of a long window counts as 0",
        {f"mcp:calls:rate1h{{{OF}}}": "6x10"},
        {"mcp:calls:rate6h": 1},
    ),
    Recorded(
        "an hour without Prometheus at the end of a part costs nothing",
        {f"mcp:calls:rate1h{{{OF}}}": "6x290 _x25 6x60"},
        {"mcp:calls:rate6h": 6},
        "360m",
    ),
)

test_recordings = recordings_test(CASES)
