"""The runs of the suite: a list of requirements by a road each, several at a time."""

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.conformance.roads import (
    DIRECT,
    HTTP_TO_HTTP,
    HTTP_TO_SSE,
    HTTP_TO_STDIO,
    HTTP_TO_STDIO_MODERN,
    Road,
    Telemetry,
)
from tests.conformance.suite import Results, Suite, install

LEGACY, MODERN = "2025-11-25", "2026-07-28"
REVISIONS = (LEGACY, MODERN)

AT_ONCE = 2
"""Most of a run is waiting; more of them at once would starve scenarios that watch the clock."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The requirements of a protocol revision, by a road."""

    road: Road
    revision: str


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a pair."""

    pair: Pair
    results: Results
    telemetry: Telemetry | None
    seconds: float


PAIRS = (
    Pair(HTTP_TO_STDIO, LEGACY),
    Pair(HTTP_TO_STDIO_MODERN, MODERN),
    Pair(HTTP_TO_SSE, LEGACY),
    Pair(DIRECT, LEGACY),
    Pair(DIRECT, MODERN),
    Pair(HTTP_TO_HTTP, LEGACY),
    Pair(HTTP_TO_HTTP, MODERN),
)
"""What must agree, the longest first."""


def installed() -> Suite:
    """The suite, for this user. Raises SuiteFailed."""
    return install(os.environ)


def run_all(suite: Suite, pairs: Sequence[Pair]) -> dict[tuple[str, str], Run]:
    """The runs, by the name of the road and the revision; when one fails, all end."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        started = [threads.submit(_run, suite, pair) for pair in pairs]
        try:
            runs = [each.result() for each in started]
        except BaseException:
            for each in started:
                each.cancel()
            suite.stop()
            raise
    return {(each.pair.road.name, each.pair.revision): each for each in runs}


def _run(suite: Suite, pair: Pair) -> Run:
    started = time.monotonic()
    with pair.road.serve() as destination:
        print(f"requirements of {pair.revision}, {pair.road.name} ...", file=sys.stderr, flush=True)
        results = suite.judge(destination.url, pair.revision)
        telemetry = destination.telemetry()
    return Run(pair, results, telemetry, time.monotonic() - started)
