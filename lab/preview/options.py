"""What the user asks of the preview, checked as far as it can be before anything is queried."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboards.board import NAMESPACE, SERVER
from dashboards.cli_text import is_url
from lab.arguments import Parser, UsageError
from lab.local.programs import PREVIEW_MIN_STEP
from lab.local.running_demo import running_demo
from lab.preview.errors import PreviewError
from lab.preview.queries import View
from lab.preview.theme import Mode
from lab.preview.time_range import TimeRange, seconds

DEFAULT_OUT = Path("build", "preview")
DEFAULT_LENGTH = "5m"

_NO_DEMO = (
    "no demo is running here: start `make demo`, or give --prometheus (make: PROMETHEUS=) URL"
)
_PURPOSE = """Draw every board from a running Prometheus, as one HTML page each."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for, checked.

    `boards` None means those of this repository, `only` the uids of those wanted, none for all;
    `serve` is the port of live pages, 0 for any that is free; None writes files. `length` is how
    much time is shown, as typed; `jaeger` is None if its address is not known.
    """

    prometheus: str
    jaeger: str | None
    view: View
    length: str
    mode: Mode
    boards: Path | None
    only: tuple[str, ...]
    out: Path
    pictures: bool
    serve: int | None
    wait_for: tuple[str, ...] = ()
    """The uids of boards all of whose panels must have data before anything is drawn."""
    wait_for_queries: tuple[str, ...] = ()
    """Queries that must have data, too."""
    panel: str | None = None
    """The title of the panel of the only board to print as text, instead of drawing the board."""


def parse(arguments: Sequence[str]) -> Options:
    """Raises PreviewError, one line."""
    try:
        given = _parser().parse_args(arguments)
    except UsageError as wrong:
        raise PreviewError(str(wrong)) from wrong
    demo = running_demo() if given.prometheus is None else None
    prometheus = _url("Prometheus", demo.prometheus if demo else given.prometheus, 9090)
    if prometheus is None:
        raise PreviewError(_NO_DEMO)
    jaeger = _url("Jaeger", given.jaeger or (demo.jaeger if demo else None), 16686)
    min_step = given.min_step or (PREVIEW_MIN_STEP if demo else None)
    end = time.time() if given.to is None else given.to
    shown = TimeRange(end - seconds(given.from_), end, seconds(min_step) if min_step else None)
    if given.serve is not None and not 0 <= given.serve < 65536:
        raise PreviewError(f"--serve {given.serve}: not a port; 0 to 65535")
    if given.panel is not None and len(given.board or ()) != 1:
        raise PreviewError(f'--panel "{given.panel}": name its board, by one --board UID')
    if (given.wait_for or given.wait_for_query) and given.to is not None:
        raise PreviewError("--wait-for: leave --to out: only now can data still come")
    chosen = {NAMESPACE.name: given.namespace, SERVER.name: given.server, "trace": given.trace}
    return Options(
        prometheus,
        jaeger,
        View(shown, _present(chosen)),
        given.from_,
        Mode(given.theme),
        given.boards,
        tuple(given.board or ()),
        given.out,
        given.pictures,
        given.serve,
        tuple(given.wait_for or ()),
        tuple(given.wait_for_query or ()),
        given.panel,
    )


def _url(name: str, text: str | None, port: int) -> str | None:
    if text is not None and not is_url(text):
        raise PreviewError(f"{text!r} is not an address of {name}, such as http://127.0.0.1:{port}")
    return text and text.rstrip("/")


def _present(chosen: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in chosen.items() if value is not None}


def _parser() -> Parser:
    parser = Parser(prog="python -m lab.preview", description=_PURPOSE)
    add = parser.add_argument
    add("--prometheus", metavar="URL", help="default: that of a running `make demo`")
    add("--jaeger", metavar="URL", help="where traces are read; default: that of the demo")
    add("--namespace", metavar="NAME", help="show one namespace; default: all")
    add("--trace", metavar="ID", help="show this trace span by span")
    add("--server", metavar="NAME", help="show one MCP server; default: all")
    length = f"how much time to show, such as 30s, 5m or 6h; default: {DEFAULT_LENGTH}"
    add("--from", dest="from_", default=DEFAULT_LENGTH, metavar="RANGE", help=length)
    add("--to", type=float, metavar="TIME", help="its end, in seconds since 1970; default: now")
    step = f"instead of the boards' Min step; default for a running demo: {PREVIEW_MIN_STEP}"
    add("--min-step", metavar="STEP", help=step)
    add("--theme", choices=[each.value for each in Mode], default=Mode.DARK.value)
    add("--board", action="append", metavar="UID", help="draw this board only; may be repeated")
    waited = "draw once all panels of this board have data; may be repeated"
    add("--wait-for", action="append", metavar="UID", help=waited)
    asked = "draw once this query has data, such as that of an alert; may be repeated"
    add("--wait-for-query", action="append", metavar="PROMQL", help=asked)
    text = "print what the panel of this title shows, as text, and write no file"
    add("--panel", metavar="TITLE", help=text)
    add("--boards", type=Path, metavar="FOLDER", help="read FOLDER/*.json, not our own boards")
    serve = "no files: live pages on loopback, with times to choose; 0: a free port"
    add("--serve", type=int, metavar="PORT", help=serve)
    add("--out", type=Path, default=DEFAULT_OUT, help=f"default: {DEFAULT_OUT}")
    add("--pictures", action="store_true", help="a PNG of each page too; needs chromium on PATH")
    return parser
