"""`python -m dashboards`: write the files, or send the boards to a Grafana."""

import sys
import time
from collections.abc import Mapping

from dashboards.cli_text import one_line
from dashboards.export import write
from dashboards.grafana_api import Grafana, GrafanaError
from dashboards.options import Import, UsageError, Write, parse
from dashboards.render_options import texts


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """The exit code: 0 when all is done, 1 when Grafana refused, 2 for the user's mistake."""
    started = time.perf_counter()
    try:
        asked = parse(arguments, environ)
        said = _write(asked) if isinstance(asked, Write) else _import(asked)
    except UsageError as mistake:
        return _told(mistake, 2)
    except GrafanaError as refused:
        return _told(refused, 1)
    print(f"{said}, {time.perf_counter() - started:.2f} s")
    return 0


def _told(wrong: Exception, code: int) -> int:
    print(f"dashboards: {one_line(str(wrong))}", file=sys.stderr)
    return code


def _write(asked: Write) -> str:
    try:
        return f"{write(asked.out, asked.choices)} files in {asked.out}"
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise UsageError(f'cannot write to "{asked.out}": {where}{error.strerror}') from error


def _import(asked: Import) -> str:
    boards = [text for _, text in texts(asked.choices.made(), asked.choices)]
    sent = Grafana(asked.url, asked.token).send(boards, asked.choices.folder)
    return f'{sent} boards in folder "{asked.choices.folder}" of {asked.url}'
