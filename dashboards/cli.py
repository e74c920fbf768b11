"""`python -m dashboards`: write the files, or send the boards to a Grafana."""

import sys
import time
from collections.abc import Mapping

from dashboards.cli_text import one_line
from dashboards.export import write
from dashboards.grafana_api import Grafana, GrafanaError
from dashboards.options import Import, UsageError, Write, parse


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """The exit code: 0 on success, 1 when Grafana refused, 2 for a user's mistake, 130: Ctrl-C."""
    started = time.perf_counter()
    try:
        command = parse(arguments, environ)
        done = _write(command) if isinstance(command, Write) else _import(command)
    except UsageError as mistake:
        return _report(mistake, 2)
    except GrafanaError as refused:
        return _report(refused, 1)
    except KeyboardInterrupt:
        return 130
    print(f"{done}, {time.perf_counter() - started:.2f} s")
    return 0


def _report(error: Exception, code: int) -> int:
    print(f"dashboards: {one_line(str(error))}", file=sys.stderr)
    return code


def _write(command: Write) -> str:
    try:
        return f"{write(command.out, command.options)} files in {command.out}"
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise UsageError(f'cannot write to "{command.out}": {where}{error.strerror}') from error


def _import(command: Import) -> str:
    options = command.options
    boards = [options.board_text(each) for each in options.bundle.boards]
    sent = Grafana(command.url, command.token).send(boards, options.folder)
    return f'{sent} boards in folder "{options.folder}" of {command.url}'
