"""One run of the whole pipeline per architecture and test session, kept as values."""

import os
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from lab import evidence
from lab.addresses import choose
from lab.load import ROUND
from lab.local_plan import HTTP_SERVER, STDIO_SERVER, Choices, local_plan
from lab.pipeline import Pipeline, start
from lab.processes import Parts
from lab.result import Result
from lab.tools import DEMO_TOOLS, ensure
from proxy.telemetry.catalogue import SESSION_DURATION
from stacks.architectures import ARCHITECTURES

Labels = Mapping[str, str]

_SERVERS = (HTTP_SERVER, STDIO_SERVER)


@dataclass(frozen=True, slots=True)
class Recording:
    """What a run came to, and the MCP series that Prometheus had at its end."""

    result: Result
    series: tuple[Labels, ...]


@cache
def recorded(architecture: str) -> Recording:
    """Run the demo's pipeline once; whoever asks again gets the same recording."""
    binaries = ensure(DEMO_TOOLS, environ=os.environ)
    began = time.monotonic()
    with TemporaryDirectory() as name, Parts(Path(name)) as parts:
        choices = Choices(ARCHITECTURES[architecture], choose(_SERVERS))
        pipeline = start(local_plan(choices, Path(name), binaries), Path(name), parts)
        ledger = evidence.account(pipeline, evidence.send(pipeline))
        with closing(evidence.steps(pipeline, print)) as traffic:
            for _ in islice(traffic, ROUND):
                parts.check()
        coverage = evidence.cover(pipeline, print)
        seconds = time.monotonic() - began
        result = Result(architecture, ledger, coverage, seconds, parts.peak_bytes)
        return Recording(result, _series(pipeline))


def _series(pipeline: Pipeline) -> tuple[Labels, ...]:
    """Every MCP series, once the last to appear is there: the second session's end."""
    ended = f"{SESSION_DURATION.family}_count >= 2"
    pipeline.parts.wait(
        "both sessions of both servers are counted",
        lambda: len(pipeline.prometheus.query(ended)) == len(_SERVERS) or None,
        evidence.VISIBLE_SECONDS,
    )
    return pipeline.prometheus.series('{__name__=~"(toolhive_)?mcp_.+"}')
