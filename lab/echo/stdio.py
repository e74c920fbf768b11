"""The stdio transport: one JSON message per line, answers on standard output."""

import asyncio
import sys

import msgspec

from lab.echo.messages import PARSE_ERROR, Cancel, Json, Later, Reply, Silence, error, receive


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


def _received(line: bytes) -> Reply | Later | Cancel | Silence:
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
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()
