"""Every query of every board and rule put to a Prometheus, and how long its answer takes."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import requests

from dashboards import BOARDS
from dashboards.queries import rule_queries
from dashboards.recordings import RECORDINGS
from dashboards.recordings.recording import Group
from dashboards.render import board_json
from lab.preview import model
from lab.preview.queries import Query, queries
from lab.preview.queries import View as ChosenView
from lab.preview.time_range import TimeRange
from tests.bench.machine import cpu_seconds

ROUNDS = 3
ENOUGH_SECONDS = 30.0
"""A slower answer is not asked for again."""
ALERTS = Group("alerts", "15s")
"""Evaluated as often as the stack's Prometheus scrapes."""
TIMEOUT_SECONDS = 130
"""Just above the two minutes after which Prometheus gives a query up."""


Request = tuple[str, dict[str, str]]
"""The last part of the path, and the parameters."""


@dataclass(frozen=True, slots=True)
class View:
    """What a viewer looks at: boards by uid, None for all of them; variables without a choice
    stand for everything."""

    name: str
    seconds: int
    chosen: Mapping[str, str]
    boards: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to Prometheus: `who` lists the panels or rules that make it."""

    path: str
    parameters: tuple[tuple[str, str], ...]
    who: tuple[str, ...]

    @property
    def expr(self) -> str:
        """The query."""
        return dict(self.parameters)["query"]

    @property
    def recorded(self) -> bool:
        """Whether it reads nothing but what rules recorded; their names have colons."""
        names = re.findall(r"([\w:]+)\{", self.expr)
        return bool(names) and all(":" in each for each in names)


@dataclass(frozen=True, slots=True)
class Took:
    """The fastest of the rounds: until the last byte of the answer, CPU of all of Prometheus.

    `error` is what Prometheus said instead of an answer, "" if it gave one.
    """

    asked: Asked
    seconds: float
    cpu_seconds: float
    bytes: int
    error: str


def of_boards(view: View, end: float) -> tuple[Asked, ...]:
    """What the boards of a view ask when they show the time up to `end`."""
    chosen = ChosenView(TimeRange(end - view.seconds, end), view.chosen)
    shown = (each for each in BOARDS if view.boards is None or each.uid in view.boards)
    drawn = (model.parse(board_json(each), each.uid) for each in shown)
    every = ((board, query) for board in drawn for query in queries(board, chosen))
    return _merged((f"{board.uid}: {query.panel.title}", _request(query)) for board, query in every)


def _request(query: Query) -> Request:
    asked = {"query": query.expr}
    if query.target.instant:
        return "query", asked | {"time": str(query.end)}
    times = {"start": query.start, "end": query.end, "step": query.step}
    return "query_range", asked | {name: str(each) for name, each in times.items()}


def of_rules(end: float) -> dict[Group, tuple[Asked, ...]]:
    """What one evaluation of the recording rules asks, by their group, and of the alerts."""
    homes = {each.record: each.group for each in RECORDINGS}
    asked: dict[Group, list[tuple[str, Request]]] = {}
    for each in rule_queries():
        request = ("query", {"query": each.expr, "time": str(end)})
        asked.setdefault(homes.get(each.panel, ALERTS), []).append((each.panel, request))
    return {group: _merged(every) for group, every in asked.items()}


def _merged(every: Iterable[tuple[str, Request]]) -> tuple[Asked, ...]:
    """Equal requests once, with everyone who makes them."""
    who: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, None]] = {}
    for name, (path, parameters) in every:
        who.setdefault((path, tuple(parameters.items())), {})[name] = None
    return tuple(Asked(path, asked, tuple(names)) for (path, asked), names in who.items())


def timed(url: str, pid: int, every: Iterable[Asked]) -> Iterator[Took]:
    """Each request's best time; `pid` is the Prometheus behind the URL."""
    with requests.Session() as http:
        http.trust_env = False
        for asked in every:
            runs = [_once(http, url, pid, asked)]
            while len(runs) < ROUNDS and runs[-1].seconds < ENOUGH_SECONDS:
                runs.append(_once(http, url, pid, asked))
            yield min(runs, key=lambda run: run.seconds)


def _once(http: requests.Session, url: str, pid: int, asked: Asked) -> Took:
    cpu, began = cpu_seconds(pid), time.perf_counter()
    answer = http.get(
        f"{url}/api/v1/{asked.path}", params=dict(asked.parameters), timeout=TIMEOUT_SECONDS
    )
    took = time.perf_counter() - began
    error = "" if answer.ok else str(answer.json().get("error", answer.status_code))
    return Took(asked, took, cpu_seconds(pid) - cpu, len(answer.content), error)
