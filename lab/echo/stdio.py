"""The stdio transport: one JSON message per line, answers on standard output."""

import asyncio
import os
import sys

import msgspec

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
    receive,
)


async def serve() -> None:
    """Answer standard input until it ends; answers still pending then are dropped."""
    reader = asyncio.StreamReader(limit=16 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    pending: dict[str | int, asyncio.TimerHandle] = {}
    while line := await reader.readline():
        _answer(line, pending)


def _answer(line: bytes, pending: dict[str | int, asyncio.TimerHandle]) -> None:
    match _received(line):
        case Reply(message):
            _write(message)
        case Later(request_id, seconds, first, reply):
            for message in first:
                _write(message)
            later = asyncio.get_running_loop().call_later
            pending[request_id] = later(seconds, _finish, request_id, reply, pending)
        case Cancel(request_id) if request_id in pending:
            pending.pop(request_id).cancel()
        case Noise(payload):
            _write_line(payload)
        case Crash():
            os._exit(CRASH_CODE)


def _received(line: bytes) -> Action:
    try:
        return receive(msgspec.json.decode(line))
    except msgspec.DecodeError as wrong:
        return Reply(error(None, PARSE_ERROR, f"not JSON: {wrong}"))


def _finish(
    request_id: str | int, reply: Json, pending: dict[str | int, asyncio.TimerHandle]
) -> None:
    del pending[request_id]
    _write(reply)


def _write(message: Json) -> None:
    _write_line(msgspec.json.encode(message))


def _write_line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
