"""Show the running demo until it ends, or until Ctrl-C: the command."""

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lab import signals
from lab.arguments import Parser, UsageError
from lab.local.processes import pause
from lab.local.running_demo import RUNS, Running, running
from lab.watch.picture import svg
from lab.watch.screen import LiveView, PlainLines, is_terminal
from lab.watch.sources import Sources

STEP_SECONDS = 0.25

_PURPOSE = "Show the parts, figures and last trace of a running `make demo`."


@dataclass(frozen=True, slots=True)
class Options:
    """Whether plain lines are asked for, or instead a picture in a file."""

    plain: bool
    picture: Path | None


def parse(arguments: Sequence[str]) -> Options:
    """Raises UsageError."""
    parser = Parser(prog="python -m lab.watch", description=_PURPOSE)
    parser.add_argument(
        "--plain", action="store_true", help="a line every 5 s, as where there is no terminal"
    )
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="write what is shown as SVG, and end"
    )
    given = parser.parse_args(arguments)
    return Options(given.plain, given.picture)


def main(arguments: Sequence[str], runs: Path = RUNS) -> int:
    """Return the exit code: 0, 1 if the demo fails, 2 for a usage error.

    `runs` is where demos announce themselves.
    """
    try:
        options = parse(arguments)
        signals.install()
        demo = running(runs)
        if demo is None:
            raise UsageError("no demo is running here: start `make demo`")
        with closing(Sources(demo)) as sources:
            if options.picture:
                return _draw(demo, sources, options.picture)
            return _watch(demo, sources, plain=options.plain or not is_terminal())
    except UsageError as mistake:
        print(f"watch: {mistake}", file=sys.stderr)
        return 2
    except signals.Ended:
        signals.ignore()
        return 0
    except BrokenPipeError:
        # Python would complain when it flushes what nothing reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _watch(demo: Running, sources: Sources, *, plain: bool) -> int:
    with PlainLines() if plain else LiveView() as screen:
        while demo.runs():
            screen.show(sources.snapshot())
            pause(STEP_SECONDS)
    failure = demo.failure()
    print(f"the demo has failed: {failure}" if failure else "the demo has ended", flush=True)
    return 1 if failure else 0


def _draw(demo: Running, sources: Sources, path: Path) -> int:
    """Write a picture, once everything is known."""
    while not (snapshot := sources.snapshot()).complete:
        if not demo.runs():
            raise UsageError("the demo has ended")
        pause(STEP_SECONDS)
    try:
        path.write_text(svg(snapshot), encoding="utf-8")
    except OSError as wrong:
        raise UsageError(f"--picture {path}: cannot be written: {wrong.strerror}") from wrong
    return 0
