"""What the user asks of the preview, checked as far as it can be before anybody is asked."""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dashboards.board import NAMESPACE, SERVER
from dashboards.urls import is_url
from lab.preview.asking import Choice
from lab.preview.colours import Mode
from lab.preview.errors import PreviewError
from lab.preview.links import TRACE
from lab.preview.running import running_demo
from lab.preview.window import Window, seconds
from lab.programs import PREVIEW_MIN_STEP

DEFAULT_OUT = Path("build", "preview")
DEFAULT_LENGTH = "5m"

_NO_DEMO = (
    "no demo is running here: start `make demo`, or give --prometheus (make: PROMETHEUS=) URL"
)
_PURPOSE = """Draw every board from a running Prometheus, as one HTML page and one PNG each."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, checked.

    `boards` None means those of this repository, `only` the uids of those wanted, none for all;
    `serve` is the port of live pages, 0 for any that is free; None writes files. `jaeger` is None
    if nobody knows where it is.
    """

    prometheus: str
    choice: Choice
    mode: Mode
    boards: Path | None
    only: tuple[str, ...]
    out: Path
    serve: int | None
    jaeger: str | None


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise PreviewError(f"{message}; see {self.prog} --help")


def parse(arguments: Sequence[str]) -> Options:
    """Raises PreviewError, one line."""
    given = _parser().parse_args(arguments)
    found = running_demo() if given.prometheus is None else None
    url = found.prometheus if found else given.prometheus
    if url is None:
        raise PreviewError(_NO_DEMO)
    if not is_url(url):
        raise PreviewError(f"{url!r} is no address of Prometheus, such as http://127.0.0.1:9090")
    jaeger = given.jaeger or (found.jaeger if found else None)
    if jaeger is not None and not is_url(jaeger):
        raise PreviewError(f"{jaeger!r} is no address of Jaeger, such as http://127.0.0.1:16686")
    min_step = given.min_step or (PREVIEW_MIN_STEP if found else None)
    window = Window(
        time.time() if given.to is None else given.to,
        seconds(given.from_),
        seconds(min_step) if min_step else None,
    )
    if given.serve is not None and not 0 <= given.serve < 65536:
        raise PreviewError(f"--serve {given.serve}: no port; 0 to 65535")
    chosen = {NAMESPACE.name: given.namespace, SERVER.name: given.server, TRACE: given.trace}
    return Options(
        url.rstrip("/"),
        Choice(window, _present(chosen)),
        Mode(given.theme),
        given.boards,
        tuple(given.board or ()),
        given.out,
        given.serve,
        jaeger.rstrip("/") if jaeger else None,
    )


def _present(chosen: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in chosen.items() if value is not None}


def _parser() -> _Parser:
    parser = _Parser(prog="python -m lab.preview", description=_PURPOSE, allow_abbrev=False)
    add = parser.add_argument
    add("--prometheus", metavar="URL", help="default: that of a running `make demo`")
    add("--jaeger", metavar="URL", help="where traces are read; default: that of the demo")
    add("--namespace", metavar="NAME", help="show one namespace; default: all")
    add("--trace", metavar="ID", help="show this trace span by span")
    add("--server", metavar="NAME", help="show one MCP server; default: all")
    add(
        "--from",
        dest="from_",
        default=DEFAULT_LENGTH,
        metavar="RANGE",
        help=f"how much time to show, such as 30s, 5m or 6h; default: {DEFAULT_LENGTH}",
    )
    add("--to", type=float, metavar="TIME", help="its end, in seconds since 1970; default: now")
    add(
        "--min-step",
        metavar="STEP",
        help=f"instead of the boards' Min step; default for a running demo: {PREVIEW_MIN_STEP}",
    )
    add("--theme", choices=[each.value for each in Mode], default=Mode.DARK.value)
    add("--board", action="append", metavar="UID", help="draw this board only; may be repeated")
    add("--boards", type=Path, metavar="FOLDER", help="read FOLDER/*.json, not our own boards")
    add(
        "--serve", type=int, metavar="PORT", help="no files: live pages on loopback; 0: a free port"
    )
    add("--out", type=Path, default=DEFAULT_OUT, help=f"default: {DEFAULT_OUT}")
    return parser
