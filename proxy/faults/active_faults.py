"""The faults that are on for one server, as a file says that may change at any time."""

import logging
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from .. import logs
from . import names
from .effects import ANSWER_FAULTS, HTTP_ONLY, LEVELS, AnswerFault, Effect
from .injections import (
    NO_FAULTS,
    FaultsUnreadable,
    Injection,
    Reported,
    Version,
    load,
    version,
)
from .levels import LevelInvalid

LOG = logging.getLogger("proxy.faults")

LOOK_SECONDS = 0.25
"""Between two looks at the file."""
MOST_REPORTED = 50
"""Faults, each with a level, that are reported; for one more the oldest is forgotten."""
_LONGEST_SHOWN = 80


class ActiveFaults:
    """What is on now. Each mistake in the file is ignored; all are logged in one line.

    `on_change` is called with what is reported: 1 for each fault that is on, 0 for one that was.
    `on_crash` has what is called to break every connection to the server.
    """

    def __init__(
        self,
        path: Path,
        server: str,
        *,
        over_http: bool,
        on_change: Callable[[Mapping[Reported, int]], None],
    ) -> None:
        self.on_crash: list[Callable[[], None]] = []
        self._path = path
        self._server = server
        self._over_http = over_http
        self._on_change = on_change
        self._version: Version = None
        self._looked_at = 0.0
        self._known: dict[str, Injection] = {}
        self._on: dict[str, Injection] = {}
        self._answers: tuple[tuple[AnswerFault, Any], ...] = ()
        self._reported: dict[Reported, int] = {}
        self._next_crash = 0.0

    def __repr__(self) -> str:
        return f"<ActiveFaults {', '.join(self._on)}>"

    def any_of_answers(self) -> bool:
        """Whether a fault of answers is on."""
        self._look(perf_counter())
        return bool(self._answers)

    def effects(self, method: object) -> tuple[Effect, ...]:
        """What the faults do to a request of this method."""
        found = (
            fault.effect(level, random.random())
            for fault, level in self._answers
            if method in fault.methods
        )
        return tuple(each for each in found if each is not None)

    def tick(self, now: float) -> None:
        """Look for what is due; `now` is a time of `perf_counter`."""
        self._look(now)
        crash = self._on.get(names.CRASH)
        if crash is not None and now >= self._next_crash:
            self._next_crash = now + LEVELS[names.CRASH].parse(crash.level)  # type: ignore[operator]
            for each in self.on_crash:
                each()

    def _look(self, now: float) -> None:
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        found = version(self._path)
        if found != self._version:
            self._version, self._known = found, self._read()
        current = time.time()
        on = {name: each for name, each in self._known.items() if each.on(current)}
        if on != self._on:
            self._switch(on)

    def _read(self) -> dict[str, Injection]:
        """The faults of this server in the file, the last of each name."""
        try:
            faults = load(self._path)
        except FaultsUnreadable as error:
            faults, mistakes = NO_FAULTS, [str(error)]
        else:
            mistakes = []
        known: dict[str, Injection] = {}
        for each in faults.injections:
            if each.server == self._server:
                mistake = self._mistake(each)
                known.update({} if mistake else {each.fault: each})
                mistakes += [mistake] if mistake else []
        if mistakes:
            more = {"more": len(mistakes) - 1} if len(mistakes) > 1 else {}
            reason = mistakes[0]
            logs.event(LOG, "injected faults ignored", logging.WARNING, reason=reason, **more)
        return known

    def _mistake(self, injection: Injection) -> str:
        """Why a fault cannot be injected; "" if it can."""
        name, level = injection.fault[:_LONGEST_SHOWN], injection.level[:_LONGEST_SHOWN]
        kind = LEVELS.get(injection.fault)
        if kind is None:
            return f"{name!r} is no fault of servers"
        if injection.fault in HTTP_ONLY and not self._over_http:
            return f"{name} is for servers that are reached by HTTP"
        try:
            kind.parse(injection.level)
        except LevelInvalid:
            return f"{level!r} is no level of {name}, such as {kind.example}"
        return "" if len(injection.level) <= _LONGEST_SHOWN else f"{name}: a level that is too long"

    def _switch(self, on: dict[str, Injection]) -> None:
        if on.get(names.CRASH) != self._on.get(names.CRASH):
            self._next_crash = 0.0
        self._on = on
        self._answers = tuple(
            (fault, fault.level.parse(on[name].level))
            for name, fault in ANSWER_FAULTS.items()
            if name in on
        )
        shown = [each.reported for each in on.values()]
        ended = (each for each in self._reported if each not in shown)
        reported = {**dict.fromkeys(ended, 0), **dict.fromkeys(shown, 1)}
        while len(reported) > MOST_REPORTED:
            del reported[next(iter(reported))]
        self._reported = reported
        self._on_change(reported)
        text = ", ".join(each.text() for each in on.values()) or "none"
        logs.event(LOG, "injected faults", logging.WARNING, on=text)
