"""Output of a stdio server's process that is not a message: bounded, without control characters."""

import logging
import re
from time import perf_counter
from typing import Any

from .. import logs
from ..errors import MalformedMessage
from ..jsonrpc.members import parse_members

LOG = logging.getLogger("proxy.child")

STDERR, STDOUT = "child stderr", "child stdout"
"""The events in the log."""

LINE_BYTES = 4096
"""A longer line is logged in parts."""
LINES_PER_SECOND = 100
"""Of all processes of a server: a long traceback at once, and not what would fill a disk."""

# ECMA-48 control sequences, and those that set a terminal's title and the like.
_SEQUENCES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)|\x1b.?")


_VERSION = b"jsonrpc"
_PART = re.compile(rb'\s*(["}\]]|\[[\s"{\[\]]|\[?$)')
"""How the lines of a message that is spread over several begin; `[INFO]` does not."""

_LINE_ENDS = re.compile(rb"[\r\n]+")
"""Progress bars end lines by CR alone."""


class StderrLog:
    """Logs one process's stderr, line by line, within the `quota` that it shares with others."""

    def __init__(self, quota: logs.Quota) -> None:
        self._quota = quota
        self._rest = b""

    def feed(self, pid: int, data: bytes) -> None:
        """Log the lines that `data` completes."""
        *lines, self._rest = _LINE_ENDS.split(self._rest + data)
        for line in lines:
            self._log(pid, line, STDERR)
        whole = len(self._rest) - len(self._rest) % LINE_BYTES
        if whole:
            self._log(pid, self._rest[:whole], STDERR)
            self._rest = self._rest[whole:]

    def finish(self, pid: int) -> None:
        """Log the rest after the last line end."""
        self._log(pid, self._rest, STDERR)
        self._rest = b""

    def stray(self, pid: int, line: bytes) -> None:
        """Log a line of stdout that is not a message, or its length if it may be part of one."""
        if is_log_line(line):
            self._log(pid, line, STDOUT)
        elif line.strip() and self._quota.admits(perf_counter()):
            logs.event(LOG, STDOUT, pid=pid, bytes=len(line), **self._quota.left_out())

    def _log(self, pid: int, line: bytes, event: str) -> None:
        for start in range(0, len(line), LINE_BYTES):
            shown = printable(line[start : start + LINE_BYTES])
            if shown and self._quota.admits(perf_counter()):
                fields: dict[str, Any] = {"pid": pid, "line": shown, **self._quota.left_out()}
                logs.event(LOG, event, **fields)


def is_log_line(line: bytes) -> bool:
    """Whether a line may be shown: plain text or a JSON object, and neither is about messages."""
    if _VERSION in line or _PART.match(line):
        return False
    return line.lstrip()[:1] != b"{" or _is_object(line)


def _is_object(line: bytes) -> bool:
    try:
        parse_members(line)
    except MalformedMessage:
        return False
    return True


def printable(line: bytes) -> str:
    """The text of a line without terminal control characters."""
    text = _SEQUENCES.sub(b"", line).decode("utf-8", "replace").replace("\t", " ").strip()
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
