"""Query, draw, write: the command."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dashboards import BOARDS
from dashboards.render import board_json
from lab import signals
from lab.jaeger_api import Jaeger
from lab.load import output
from lab.local.ports import LOOPBACK
from lab.preview import model
from lab.preview.as_text import lines
from lab.preview.charts import Look
from lab.preview.complete import complete_view
from lab.preview.errors import PreviewError
from lab.preview.links import links
from lab.preview.live import Site, server
from lab.preview.model import Board
from lab.preview.options import Options, parse
from lab.preview.page import check_supported, html
from lab.preview.pictures import picture
from lab.preview.queries import View, answers, choices
from lab.preview.theme import THEMES
from lab.prometheus_api import Prometheus, QueryRefused, Unreachable
from lab.stderr import say
from proxy.suggestions import did_you_mean


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
    check_supported(board)
    return board


def wanted(every: tuple[Board, ...], option: str, uids: tuple[str, ...]) -> tuple[Board, ...]:
    """The boards with these uids; raises PreviewError for an unknown one."""
    known = [each.uid for each in every]
    for uid in uids:
        if uid not in known:
            raise PreviewError(f"{option} {uid}: known are {', '.join(known)}")
    return tuple(each for each in every if each.uid in uids)


def pages(drawn: tuple[Board, ...], options: Options) -> Iterator[tuple[str, str]]:
    """The name and text of each board's file; raises PreviewError, Unreachable or QueryRefused."""
    prometheus = Prometheus(options.prometheus)
    jaeger = Jaeger(options.jaeger) if options.jaeger else None
    look = Look(THEMES[options.mode], links(drawn, {}, options.jaeger, live=False))
    menu = {each.uid: each.title for each in drawn}
    for board in drawn:
        view, known = choices(prometheus, board, options.view)
        _require_known(options.prometheus, view, known)
        found = answers(prometheus, jaeger, board, view)
        print(f"drawing {board.title}", file=sys.stderr, flush=True)
        yield f"{board.uid}.html", html(board, found, view, look, menu)


def _require_known(url: str, view: View, known: Mapping[str, tuple[str, ...]]) -> None:
    """Raise PreviewError unless every value that was chosen exists."""
    for name, values in known.items():
        value = view.chosen.get(name)
        if value is not None and value not in values:
            there = ", ".join(values) or "none"
            raise PreviewError(f'{name} "{value}": {url} has no such {name}; it has {there}')


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 written, 1 Prometheus refuses a query, 2 a mistake, 130 Ctrl-C."""
    try:
        options = parse(arguments)
        signals.install()
        every = boards(options.boards)
        drawn = wanted(every, "--board", options.only) if options.only else every
        _answer(drawn, _once_complete(wanted(every, "--wait-for", options.wait_for), options))
    except QueryRefused as refused:
        return _failed(refused, 1)
    except (PreviewError, Unreachable) as mistake:
        return _failed(mistake, 2)
    except signals.Ended as ended:
        return ended.exit_code
    return 0


def _once_complete(waited_for: tuple[Board, ...], options: Options) -> Options:
    """The options with the time at which there is all data that was asked for, after waiting."""
    exprs = options.wait_for_queries
    if not waited_for and not exprs:
        return options
    say(f"waiting for data: {', '.join((*(each.title for each in waited_for), *exprs))}")
    prometheus = Prometheus(options.prometheus)
    jaeger = Jaeger(options.jaeger) if options.jaeger else None
    view = complete_view(prometheus, jaeger, waited_for, options.view, exprs=exprs)
    return replace(options, view=view)


def _answer(drawn: tuple[Board, ...], options: Options) -> None:
    """Print a panel, serve pages or write files, as asked for."""
    if options.panel is not None:
        [board] = drawn
        print("\n".join(as_text(board, options.panel, options)))
    elif options.serve is not None:
        _serve(drawn, options, options.serve)
    else:
        _save(drawn, options)


def as_text(board: Board, title: str, options: Options) -> list[str]:
    """What the panels of this title show; raises PreviewError, Unreachable or QueryRefused."""
    panels = tuple(each for each in board.panels if each.queries and each.title == title)
    if not panels:
        titles = [f'"{each.title}"' for each in board.panels if each.queries]
        hint = did_you_mean(f'"{title}"', titles)
        has = ", ".join(titles)
        raise PreviewError(f'--panel "{title}": {hint}board {board.uid} has {has}')
    prometheus = Prometheus(options.prometheus)
    jaeger = Jaeger(options.jaeger) if options.jaeger else None
    view, known = choices(prometheus, board, options.view)
    _require_known(options.prometheus, view, known)
    found = answers(prometheus, jaeger, replace(board, panels=panels, annotations=()), view)
    return [line for each in panels for line in lines(each, found[each.id])]


def _save(drawn: tuple[Board, ...], options: Options) -> None:
    started = time.perf_counter()
    contents = dict(pages(drawn, options))
    try:
        output.write(options.out, contents, overwrite=True)
    except OSError as wrong:
        raise PreviewError(f'cannot write to "{options.out}": {wrong.strerror}') from wrong
    files = [options.out / name for name in contents]
    if options.pictures:
        files += [picture(options.out / f"{each.uid}.html", each) for each in drawn]
    print("\n".join(map(str, files)))
    print(f"{len(files)} files, {time.perf_counter() - started:.1f} s")


def _serve(drawn: tuple[Board, ...], options: Options, port: int) -> None:
    """Serve live pages until a signal comes."""
    start, view = f"now-{options.length}", options.view
    places = (options.prometheus, options.jaeger)
    site = Site(drawn, *places, start, view.time.min_step, view.chosen, options.mode)
    try:
        serving = server(site, port, time.time)
    except OSError as wrong:
        raise PreviewError(f"--serve {port}: {wrong.strerror}; 0 takes a free port") from wrong
    with serving:
        print(f"http://{LOOPBACK}:{serving.server_port}/", flush=True)
        serving.serve_forever()


def _failed(wrong: Exception, code: int) -> int:
    print(f"preview: {' '.join(str(wrong).split())}", file=sys.stderr)
    return code
