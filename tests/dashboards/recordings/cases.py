"""Cases of recordings: histories of one server's series, and what rules record of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from tests.dashboards.alerts.cases import BUCKET, OF
from tests.dashboards.promtool import History, Promtool, Replay


@dataclass(frozen=True, slots=True)
class Recorded:
    """Values, to six digits, `at` the end of a history of samples every `every`; None is no data.

    `more` are labels of the recorded series beside namespace and server.
    """

    name: str
    history: History
    values: Mapping[str, float | None]
    at: str = "9m"
    every: str = "1m"
    more: str = ""

    def replay(self, promtool: Promtool) -> Replay:
        """What the recordings must be, as promtool reads it."""
        labels = f"{{{OF}{self.more}}}"
        expected: dict[str, dict[str, float]] = {
            f"round({record}, 0.000001)": {} if value is None else {labels: value}
            for record, value in self.values.items()
        }
        return promtool.replay_values(self.history, self.at, expected, self.every, self.name)


def of_methods(series: str, values: str, *methods: str) -> History:
    return {f'{series},mcp_method="{method}"}}': values for method in methods}


def latencies(by_bound: dict[str, str], method: str = "ping") -> History:
    return {f'{BUCKET},mcp_method="{method}",le="{le}"}}': each for le, each in by_bound.items()}


def recordings_test(cases: tuple[Recorded, ...]) -> Callable[..., None]:
    """A test that recordings have their values."""

    @pytest.mark.slow
    def test(promtool: Promtool) -> None:
        complaint = promtool.replays(case.replay(promtool) for case in cases)
        assert not complaint, complaint

    return test
