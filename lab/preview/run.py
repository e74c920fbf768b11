"""Ask, draw, write: the command."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dashboards import BOARDS
from dashboards.render import board_json
from lab.jaeger_api import Jaeger
from lab.ports import LOOPBACK
from lab.preview import model
from lab.preview.asking import answers, settled
from lab.preview.colours import THEMES
from lab.preview.errors import PreviewError
from lab.preview.links import guide
from lab.preview.live import Site, server
from lab.preview.model import Board
from lab.preview.options import Options, parse
from lab.preview.page import html
from lab.preview.painting import refuse_unknown
from lab.preview.picture import png
from lab.preview.sheet import Sheet
from lab.prometheus_api import Prometheus, QueryRefused, Unreachable


def boards(folder: Path | None) -> tuple[Board, ...]:
    """The boards in the JSON files of a folder, or this repository's; raises PreviewError."""
    if folder is None:
        return tuple(_checked(board_json(each), each.uid) for each in BOARDS)
    try:
        texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}
    except OSError as wrong:
        raise PreviewError(f'--boards "{folder}": {wrong.strerror}') from wrong
    if not texts:
        raise PreviewError(f'--boards "{folder}": no *.json there; `make dashboards` writes them')
    return tuple(_checked(text, str(path)) for path, text in texts.items())


def _checked(text: str, name: str) -> Board:
    board = model.parse(text, name)
    refuse_unknown(board)
    return board


def wanted(every: tuple[Board, ...], only: tuple[str, ...]) -> tuple[Board, ...]:
    """The boards with these uids, all if there are none; raises PreviewError for an unknown one."""
    known = [each.uid for each in every]
    for uid in only:
        if uid not in known:
            raise PreviewError(f"--board {uid}: known are {', '.join(known)}")
    return tuple(each for each in every if not only or each.uid in only)


def sheets(drawn: tuple[Board, ...], options: Options) -> Iterator[Sheet]:
    """Every board with its data; raises PreviewError, Unreachable or QueryRefused."""
    prometheus = Prometheus(options.prometheus)
    menu = tuple((board.title, f"{board.uid}.html") for board in drawn)
    jaeger = Jaeger(options.jaeger) if options.jaeger else None
    leading = guide(drawn, options.choice.chosen, options.jaeger, live=False)
    for board in drawn:
        choice = settled(prometheus, board, options.choice)
        found = answers(prometheus, board, choice, jaeger)
        yield Sheet(board, found, choice, THEMES[options.mode], menu, leading)


def files(drawn: tuple[Board, ...], options: Options) -> dict[str, bytes]:
    """Every file to write, by its name."""
    written = {}
    for sheet in sheets(drawn, options):
        print(f"drawing {sheet.board.title}", file=sys.stderr, flush=True)
        written[f"{sheet.board.uid}.html"] = html(sheet).encode()
        written[f"{sheet.board.uid}.png"] = png(sheet)
    return written


def write(out: Path, contents: Mapping[str, bytes]) -> None:
    """Write all files aside, then move them into `out`; raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".preview-", dir=out) as aside:
        for name, content in contents.items():
            Path(aside, name).write_bytes(content)
        for name in contents:
            os.replace(Path(aside, name), out / name)


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 all written, 1 Prometheus refuses a query, 2 a mistake."""
    try:
        options = parse(arguments)
        drawn = wanted(boards(options.boards), options.only)
        _save(drawn, options) if options.serve is None else _serve(drawn, options, options.serve)
    except QueryRefused as refused:
        return _told(refused, 1)
    except (PreviewError, Unreachable) as mistake:
        return _told(mistake, 2)
    except KeyboardInterrupt:
        return 130
    return 0


def _save(drawn: tuple[Board, ...], options: Options) -> None:
    started = time.perf_counter()
    contents = files(drawn, options)
    try:
        write(options.out, contents)
    except OSError as wrong:
        raise PreviewError(f'cannot write to "{options.out}": {wrong.strerror}') from wrong
    for name in contents:
        print(options.out / name)
    print(f"{len(contents)} files, {time.perf_counter() - started:.1f} s")


def _serve(drawn: tuple[Board, ...], options: Options, port: int) -> None:
    """Serve live pages until a signal comes."""
    site = Site(drawn, options.prometheus, options.choice, options.mode, options.jaeger)
    try:
        serving = server(site, port, time.time)
    except OSError as wrong:
        raise PreviewError(f"--serve {port}: {wrong.strerror}; 0 takes a free port") from wrong
    with serving:
        print(f"http://{LOOPBACK}:{serving.server_port}/", flush=True)
        serving.serve_forever()


def _told(wrong: Exception, code: int) -> int:
    print(f"preview: {' '.join(str(wrong).split())}", file=sys.stderr)
    return code
