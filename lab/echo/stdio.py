"""The stdio transport: one JSON message per line, answers on standard output."""

import asyncio
import os
import sys

import msgspec

from lab.echo.answering import Receive
from lab.echo.messages import (
    CRASH_CODE,
    PARSE_ERROR,
    Action,
    Cancel,
    Crash,
    Json,
    Later,
    Noise,
    Reply,
    error,
)


async def serve(receive: Receive) -> None:
    """Answer standard input until it ends; answers still pending then are dropped."""
    reader = asyncio.StreamReader(limit=16 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    pending: dict[str | int, asyncio.TimerHandle] = {}
    while line := await reader.readline():
        _answer(_received(line, receive), pending)


def _answer(action: Action, pending: dict[str | int, asyncio.TimerHandle]) -> None:
    match action:
        case Reply(message):
            _write(message)
        case Later() as later:
            for message in later.first:
                _write(message)
            call_later = asyncio.get_running_loop().call_later
            pending[later.request_id] = call_later(later.seconds, _finish, later, pending)
        case Cancel(request_id) if request_id in pending:
            pending.pop(request_id).cancel()
        case Noise(payload):
            _write_line(payload)
        case Crash():
            os._exit(CRASH_CODE)


def _received(line: bytes, receive: Receive) -> Action:
    try:
        return receive(msgspec.json.decode(line), {})
    except msgspec.DecodeError as wrong:
        return Reply(error(None, PARSE_ERROR, f"not JSON: {wrong}"))


def _finish(later: Later, pending: dict[str | int, asyncio.TimerHandle]) -> None:
    del pending[later.request_id]
    _write(later.reply)
    later.told(later.reply)


def _write(message: Json) -> None:
    _write_line(msgspec.json.encode(message))


def _write_line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
