"""Light traffic until a signal comes, and meanwhile boards to look at."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from lab import evidence, programs
from lab.demo.ended import Ended
from lab.demo.sights import Places, sights
from lab.evidence import Tell
from lab.pipeline import Pipeline, launch
from lab.ports import free_ports
from lab.preview.running import Demo, announced
from lab.processes import pause

STEP_SECONDS = 0.5

Look = Callable[[], object]


def _nowhere() -> None:
    """Nothing but the traffic is of interest."""


def follow(
    pipeline: Pipeline, folder: Path, tell: Tell, *, remark: str = "", look: Look = _nowhere
) -> None:
    """Say where to look, then keep light traffic going; call `look` after each step of it."""
    with announced(folder, Demo(pipeline.prometheus.url, pipeline.jaeger.url)):
        places = Places(
            _live_pages(pipeline), pipeline.prometheus.url, pipeline.jaeger.url, pipeline.collector
        )
        print(sights(places, (*pipeline.fronts, *pipeline.faulty)) + remark, flush=True)
        try:
            with closing(evidence.steps(pipeline, tell)) as traffic:
                while True:
                    next(traffic)
                    pipeline.parts.check()
                    look()
                    pause(STEP_SECONDS)
        except Ended:
            tell("\nending")


def _live_pages(pipeline: Pipeline) -> str:
    """Start what draws the boards on request; where it listens once it does."""
    sources = (pipeline.prometheus.url, pipeline.jaeger.url)
    process = programs.preview(free_ports(1)[0], *sources)
    launch(process, pipeline.parts)
    return process.url
