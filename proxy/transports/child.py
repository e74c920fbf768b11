"""A stdio server's process: its own process group, lines in, lines out, stderr to the log."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import perf_counter
from typing import cast

from .. import logs
from ..errors import MessageTooLarge, Unreachable
from ..verdict import EXITED, GARBLED, UNREACHABLE, Verdict
from ..wire.lines import LineReader, encode
from .attempts import Attempts
from .port import LinkOwner

LOG = logging.getLogger("proxy.child")

STDIN, STDOUT, STDERR = 0, 1, 2

BACKLOG_LIMIT = 8 * 1024 * 1024
"""Bytes that may wait for a process that does not read; then it is sent nothing more."""
STDERR_LIMIT = 4096
"""A longer line on stderr is logged in parts."""

FREE_FAILURES = 2
"""So many processes may end in a row without having said anything before there is a pause."""

# The specification's way to end a stdio server: close its input, then SIGTERM, then SIGKILL.
_TERM_AFTER = 1.0
_KILL_AFTER = 3.0
# A descendant that left the group may hold the pipe open for ever.
_LAST_WORDS = 1.0


class Child(asyncio.SubprocessProtocol):
    """One running process: a Link. `exited` is set once it has exited and its group is killed."""

    def __init__(self, owner: LinkOwner, message_limit: int, attempts: Attempts) -> None:
        self._owner: LinkOwner | None = owner
        self._message_limit = message_limit
        self._attempts = attempts
        self._answered = False
        self._transport: asyncio.SubprocessTransport | None = None
        self._lines = LineReader(message_limit)
        self._stderr = LineReader(STDERR_LIMIT)
        self._timers: list[asyncio.TimerHandle] = []
        self._paused = False
        self._told_to_end = False
        self.pid = 0
        self.exited = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Child pid={self.pid} exited={self.exited.is_set()}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.SubprocessProtocol."""
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.pid = self._transport.get_pid()
        logs.event(LOG, "child started", pid=self.pid)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Part of asyncio.SubprocessProtocol."""
        if fd == STDERR:
            self._log(data)
        elif self._owner is not None:
            self._hear(self._owner, data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Part of asyncio.SubprocessProtocol."""
        if fd == STDOUT:
            self._leave()

    def process_exited(self) -> None:
        """Part of asyncio.SubprocessProtocol. What it said last may still be in the pipe."""
        for timer in self._timers:
            timer.cancel()
        code = self._transport.get_returncode() if self._transport is not None else None
        level = logging.WARNING if code and not self._told_to_end else logging.INFO
        logs.event(LOG, "child exited", level, pid=self.pid, code=code)
        self._signal(signal.SIGKILL)
        self.exited.set()
        if self._owner is None:
            self._leave()
        else:
            asyncio.get_running_loop().call_later(_LAST_WORDS, self._leave)

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        """Part of port.Link: write one line."""
        pipe = self._pipe(STDIN)
        if pipe is None or pipe.is_closing() or pipe.get_write_buffer_size() > BACKLOG_LIMIT:
            return False
        pipe.write(encode(message))
        return True

    def pause(self) -> None:
        """Part of port.Link: read its stdout no more for now."""
        pipe = cast(asyncio.ReadTransport | None, self._raw(STDOUT))
        if pipe is not None and not pipe.is_closing() and not self._paused:
            self._paused = True
            pipe.pause_reading()

    def resume(self) -> None:
        """Part of port.Link: read its stdout on."""
        pipe = cast(asyncio.ReadTransport | None, self._raw(STDOUT))
        if pipe is not None and not pipe.is_closing() and self._paused:
            self._paused = False
            pipe.resume_reading()

    def end(self) -> None:
        """Part of port.Link: end the process and its whole group."""
        self._told_to_end = True
        self._wind_down()

    def kill(self) -> None:
        """Part of port.Link: end the process and its whole group at once."""
        self._owner = None
        self._signal(signal.SIGKILL)

    def _hear(self, owner: LinkOwner, data: bytes) -> None:
        arrived = perf_counter()
        try:
            lines = self._lines.feed(data)
        except MessageTooLarge:
            self.kill()
            limit = self._message_limit
            self._tell_end(owner, GARBLED, f"the server sent a message of more than {limit} bytes")
            return
        if lines and not self._answered:
            self._answered = True
            self._attempts.worked()
        for line in lines:
            if line.strip():
                owner.link_message(line, arrived)

    def _log(self, data: bytes) -> None:
        try:
            lines = self._stderr.feed(data)
        except MessageTooLarge:
            lines = [self._stderr.finish()]
            self._stderr = LineReader(STDERR_LIMIT)
        for line in lines:
            logs.event(LOG, "child stderr", pid=self.pid, line=line.decode("utf-8", "replace"))

    def _leave(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            self._tell_end(owner, EXITED, "the server's process ended")
        if not self.exited.is_set():
            self._wind_down()
        elif self._transport is not None:
            self._transport.close()

    def _tell_end(self, owner: LinkOwner, verdict: Verdict, reason: str) -> None:
        if not owner.probing:
            self._attempts.ended(perf_counter(), verdict.error_type, worked=self._answered)
        owner.link_ended(verdict, reason)

    def _wind_down(self) -> None:
        self._owner = None
        if self.exited.is_set() or self._timers:
            return
        pipe = self._pipe(STDIN)
        if pipe is not None:
            pipe.close()
        loop = asyncio.get_running_loop()
        self._timers = [
            loop.call_later(_TERM_AFTER, self._signal, signal.SIGTERM),
            loop.call_later(_KILL_AFTER, self._signal, signal.SIGKILL),
        ]

    def _raw(self, fd: int) -> asyncio.BaseTransport | None:
        return None if self._transport is None else self._transport.get_pipe_transport(fd)

    def _pipe(self, fd: int) -> asyncio.WriteTransport | None:
        return cast(asyncio.WriteTransport | None, self._raw(fd))

    def _signal(self, number: signal.Signals) -> None:
        self._told_to_end = True
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Children:
    """Starts a process for each link: part of port.Connector.

    `on_restart` is told of each that takes the place of one that ended by itself. A command
    whose processes end again and again before they said anything is given a rest.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        message_limit: int,
        on_restart: Callable[[], None],
    ) -> None:
        self._command = command
        self._environment = environment
        self._message_limit = message_limit
        self._on_restart = on_restart
        self._attempts = Attempts(free=FREE_FAILURES)

    def __repr__(self) -> str:
        return f"<Children {self._command[0]}>"

    async def connect(self, owner: LinkOwner, headers: bytes = b"", query: bytes = b"") -> Child:
        """Part of port.Connector."""
        attempts = self._attempts
        pause = attempts.pause(perf_counter())
        if pause:
            reason = f"the server's process ended {attempts.failures} times without an answer"
            raise Unreachable(f"{reason}: it is started again in {pause:.1f} s", EXITED)
        try:
            _, child = await asyncio.get_running_loop().subprocess_exec(
                lambda: Child(owner, self._message_limit, attempts),
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                env=self._environment,
            )
        except OSError as error:
            reason = f"cannot start {self._command[0]!r}: {error.strerror}"
            attempts.failed(perf_counter(), UNREACHABLE.error_type)
            raise Unreachable(reason, UNREACHABLE) from error
        if attempts.started():
            self._on_restart()
        return child

    async def probe(self) -> str:
        """Part of port.Connector."""
        failure = self._attempts.failure(perf_counter())
        if failure:
            return f"its last process gave no answer ({failure})"
        executable = os.access(self._command[0], os.X_OK)
        return "" if executable else "its command is not an executable file"

    async def close(self) -> None:
        """Part of port.Connector: each process is ended with its link."""
