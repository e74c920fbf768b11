"""Stderr in the log: whole lines, bounded, and nothing that steers a terminal."""

import json
import logging

import pytest

from proxy import logs
from proxy.transports.stderr_log import LINE_BYTES, StderrLog, is_log_line


def logged(caplog: pytest.LogCaptureFixture, *pieces: bytes, per_second: int = 100) -> list[str]:
    """The lines that the pieces of a stderr come to."""
    caplog.set_level(logging.INFO)
    complaints = StderrLog(logs.Quota(per_second))
    for each in pieces:
        complaints.feed(7, each)
    complaints.finish(7)
    written = [json.loads(logs.JsonLines().format(record)) for record in caplog.records]
    assert {(each["event"], each["pid"]) for each in written} <= {("child stderr", 7)}
    return [each["line"] for each in written]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ((b"one\ntwo\n",), ["one", "two"]),
        ((b"hal", b"f\n\n  \n", b"no end"), ["half", "no end"]),
        ((b"\r 10 %\r 20 %\r\ndone",), ["10 %", "20 %", "done"]),
        ((b'{"level":"info"}\n',), ['{"level":"info"}']),
        ((b"\x1b[31mred\x1b[0m \x1b]0;title\x07text\n",), ["red text"]),
        ((b"a\x00b\x08c\x9b d\n",), ["a\ufffdb\ufffdc\ufffd d"]),
        (("\u202egnp.\u2028\x85x\n".encode(),), ["\ufffdgnp.\ufffd\ufffdx"]),
        ((b"\xff\xc3\n",), ["\ufffd\ufffd"]),
    ],
)
def test_lines_are_logged_without_control_characters(
    caplog: pytest.LogCaptureFixture, pieces: tuple[bytes, ...], lines: list[str]
) -> None:
    assert logged(caplog, *pieces) == lines


@pytest.mark.parametrize("size", [1, 1000, 100_000])
def test_a_long_line_is_logged_in_parts_and_what_follows_is_not_lost(
    caplog: pytest.LogCaptureFixture, size: int
) -> None:
    text = b"x" * (2 * LINE_BYTES + 5) + b"\nnext\n"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    lines = logged(caplog, *pieces)
    assert [len(each) for each in lines] == [LINE_BYTES, LINE_BYTES, 5, 4]


def test_a_flood_is_cut_and_what_was_left_out_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    quota = logs.Quota(2)
    assert [quota.admits(now) for now in (1.0, 1.1, 1.2, 1.3, 2.0)] == [True, True] + [
        False, False, True,
    ]  # fmt: skip
    assert (quota.left_out(), quota.left_out()) == ({"left_out": 2}, {})
    assert len(logged(caplog, b"x\n" * 100_000, per_second=5)) < 1000


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"Server running", True),
        (b"[INFO] started", True),
        (b"[2026-11-29 10:00:00] started", True),
        (b"[", False),
        (b'["secret",', False),
        (b'{"level":30,"msg":"Starting server"}', True),
        (b'{"severity":"INFO","method":"GET","path":"/x"}', True),
        (b"123", True),
        (b'  "token": "a part of a message over several lines",', False),
        (b'{"type":"text","text":"another"},', False),
        (b"},", False),
        (b'DEBUG sent {"jsonrpc":"2.0","id":1}', False),
        (b" ", False),
    ],
)
def test_a_line_of_stdout_is_shown_unless_it_may_be_a_part_of_a_message(
    line: bytes, shown: bool
) -> None:
    assert is_log_line(line) is shown
