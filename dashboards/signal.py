"""A signal: one question about the world, with its answer in PromQL."""

from dataclasses import dataclass

from dashboards.limits import Limit
from dashboards.series import Source

EACH_SERVER = ("namespace", "server")
"""The labels that tell servers apart."""

WHO = "{{namespace}}/{{server}}"
"""The legend of a series by EACH_SERVER."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One expression of a signal.

    `name` is its legend, where `{{label}}` stands for a label's value; in a table it is the
    column's heading. `unit` is for a column that differs from the signal's unit.
    """

    expr: str
    name: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """What a panel shows, and what a bad value of it means.

    `unit` is a unit id of Grafana, `needs` says who must run for the answers to have data, and
    `quiet` is what the panel reads when silence is a proper answer.
    """

    title: str
    description: str
    unit: str
    answers: tuple[Answer, ...]
    needs: Source
    limit: Limit | None = None
    quiet: str = "no data"
    words: tuple[tuple[int, str], ...] = ()
    """Words that a panel shows instead of these values."""
    opens: str | None = None
    """The uid of the board that a click on a series opens, for that series' server."""

    @property
    def help(self) -> str:
        """The description, with the reason for the limit."""
        return f"{self.description} {self.limit.reason}" if self.limit else self.description
