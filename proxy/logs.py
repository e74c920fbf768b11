"""Logs: one JSON object per line on stderr, never a payload, a token or a header."""

import json
import logging
import sys
from datetime import UTC, datetime

import msgspec

_encode = msgspec.json.Encoder().encode


class JsonLines(logging.Formatter):
    """A record as one JSON object: time, level, event, then the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return _encode(line).decode()
        except UnicodeEncodeError:  # Halves of surrogate pairs, which JSON can represent.
            return json.dumps(line, default=str)


def configure() -> None:
    """Send every logger of this process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def event(logger: logging.Logger, name: str, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields."""
    logger.log(level, name, extra={"fields": fields})


class Quota:
    """So many lines a second at most; what is left out is counted."""

    __slots__ = ("_left_out", "_lines", "_per_second", "_second")

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._lines = 0
        self._left_out = 0

    def admits(self, now: float) -> bool:
        """Whether one more line may be written; `now` is in seconds of a monotonic clock."""
        second = int(now)
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        admitted = self._lines <= self._per_second
        self._left_out += not admitted
        return admitted

    def left_out(self) -> dict[str, int]:
        """For the line that is written now: how many were left out before it, if any."""
        count, self._left_out = self._left_out, 0
        return {"left_out": count} if count else {}
