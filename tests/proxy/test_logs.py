"""Log lines: one JSON object each, whatever happened."""

import json
import logging
import sys
from typing import Any

from proxy.logs import JsonLines, event


class Kept(logging.Handler):
    """Keeps the lines as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def logged(name: str, **fields: object) -> dict[str, Any]:
    kept, logger = Kept(), logging.Logger("proxy.test")
    logger.addHandler(kept)
    event(logger, name, logging.WARNING, **fields)
    (line,) = kept.lines
    found: dict[str, Any] = json.loads(line)
    return found


def test_an_event_is_one_object_with_its_fields() -> None:
    line = logged("child stderr", pid=7, line='a "b"\nc \u2028 é')
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning", "event": "child stderr", "pid": 7, "line": 'a "b"\nc \u2028 é',
    }  # fmt: skip


def test_half_of_a_surrogate_pair_is_logged_as_json_escape() -> None:
    assert logged("payload", message="a\ud800")["message"] == "a\ud800"


def test_an_exception_stays_within_its_line() -> None:
    kept = Kept()
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.LogRecord("p", logging.ERROR, "f", 1, "bug", None, sys.exc_info())
    line = kept.format(record)
    assert "\n" not in line
    assert "ValueError: two\nlines" in json.loads(line)["exception"]
