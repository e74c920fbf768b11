"""The process's stdin and stdout for asyncio: pipes, files or a terminal."""

import asyncio
import os
import stat
import threading
from contextlib import suppress
from typing import Protocol

CHUNK = 64 * 1024


class Input(Protocol):
    """An input; its protocol is notified of data and of the end."""

    def pause_reading(self) -> None:
        """Stop reading for now."""

    def resume_reading(self) -> None:
        """Continue to read."""

    def close(self) -> None:
        """Stop reading."""


class Output(Protocol):
    """An output; its protocol is notified when to pause, and of the end."""

    def write(self, data: bytes) -> None:
        """Write, now or soon."""

    def close(self) -> None:
        """Close after everything is written."""


def claim() -> tuple[int, int]:
    """Descriptors of stdin and stdout, for one owner alone.

    Other readers of stdin get its end, and other output goes to stderr.
    """
    stdin, stdout = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return stdin, stdout


async def read_from(descriptor: int, protocol: asyncio.Protocol) -> Input:
    """Begin to read."""
    loop = asyncio.get_running_loop()
    if _can_be_polled(descriptor):
        pipe = os.fdopen(descriptor, "rb", 0)
        transport, _ = await loop.connect_read_pipe(lambda: protocol, pipe)
        return transport
    return _Thread(descriptor, protocol, loop)


async def write_to(descriptor: int, protocol: asyncio.BaseProtocol) -> Output:
    """Prepare to write."""
    if _can_be_polled(descriptor):
        pipe = os.fdopen(descriptor, "wb", 0)
        transport, _ = await asyncio.get_running_loop().connect_write_pipe(lambda: protocol, pipe)
        return transport
    return _Blocking(descriptor, protocol)


def _can_be_polled(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class _Thread:
    """Reads a file that cannot be polled, at most one chunk ahead of the protocol."""

    def __init__(
        self, descriptor: int, protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._descriptor = descriptor
        self._protocol = protocol
        self._loop = loop
        self._wanted = threading.Event()
        self._paused = self._ahead = False
        self._wanted.set()
        threading.Thread(target=self._read, daemon=True).start()

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        if not self._ahead:
            self._wanted.set()

    def close(self) -> None:
        self.pause_reading()

    def _read(self) -> None:
        with suppress(RuntimeError):  # the loop is closed
            while data := self._chunk():
                self._ahead = True
                self._wanted.clear()
                self._loop.call_soon_threadsafe(self._pass_on, data)
                self._wanted.wait()
            self._loop.call_soon_threadsafe(self._protocol.connection_lost, None)

    def _chunk(self) -> bytes:
        try:
            return os.read(self._descriptor, CHUNK)
        except OSError:
            return b""

    def _pass_on(self, data: bytes) -> None:
        self._protocol.data_received(data)
        self._ahead = False
        if not self._paused:
            self._wanted.set()


class _Blocking:
    """Writes directly to an output that is always ready, such as a file."""

    def __init__(self, descriptor: int, protocol: asyncio.BaseProtocol) -> None:
        self._descriptor = descriptor
        self._protocol = protocol

    def write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            self._close(error)

    def close(self) -> None:
        self._close(None)

    def _close(self, error: OSError | None) -> None:
        protocol = self._protocol
        if isinstance(protocol, asyncio.Protocol):
            asyncio.get_running_loop().call_soon(protocol.connection_lost, error)
