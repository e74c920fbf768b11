"""The stdio transport: one JSON message per line, answers on standard output."""

import asyncio
import os
import sys

import msgspec

from lab.echo.handler import Handler
from lab.echo.messages import (
    CRASH_CODE,
    PARSE_ERROR,
    Action,
    Cancel,
    Crash,
    DelayedReply,
    InvalidReply,
    Json,
    Reply,
    error,
)
from proxy.frontend.standard_streams import read_from


async def serve(handle: Handler) -> None:
    """Answer messages until standard input ends; pending replies are dropped."""
    reader = asyncio.StreamReader(limit=16 * 1024 * 1024)
    await read_from(sys.stdin.fileno(), asyncio.StreamReaderProtocol(reader))
    pending: dict[str | int, asyncio.TimerHandle] = {}
    while line := await reader.readline():
        _perform(_action(line, handle), pending)


def _perform(action: Action, pending: dict[str | int, asyncio.TimerHandle]) -> None:
    match action:
        case Reply(message):
            _write(message)
        case DelayedReply() as later:
            for message in later.first:
                _write(message)
            call_later = asyncio.get_running_loop().call_later
            pending[later.request_id] = call_later(later.seconds, _finish, later, pending)
        case Cancel(request_id) if request_id in pending:
            pending.pop(request_id).cancel()
        case InvalidReply(payload):
            _write_line(payload)
        case Crash():
            os._exit(CRASH_CODE)


def _action(line: bytes, handle: Handler) -> Action:
    try:
        return handle(msgspec.json.decode(line), {})
    except msgspec.DecodeError as wrong:
        return Reply(error(None, PARSE_ERROR, f"not JSON: {wrong}"))


def _finish(later: DelayedReply, pending: dict[str | int, asyncio.TimerHandle]) -> None:
    pending.pop(later.request_id, None)
    _write(later.reply)
    later.on_sent(later.reply)


def _write(message: Json) -> None:
    _write_line(msgspec.json.encode(message))


def _write_line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
