"""A stdio server's process: its own process group, lines in, lines out, stderr to the log."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from time import perf_counter
from typing import Final

from .. import logs
from ..jsonrpc import codec
from ..jsonrpc.ndjson import LineReader, encode
from ..outcome import EXITED, CallOutcome
from .backoff import RestartBackoff
from .base import Transport, TransportListener, Unreachable
from .oversized_message import refuse
from .processes import Processes, ProcessListener, Program
from .stderr_log import StderrLog

LOG = logging.getLogger("proxy.child")

BACKLOG_LIMIT: Final = 8 * 1024 * 1024
"""Bytes that may wait for a process that does not read; then it is sent nothing more."""

# The specification's way to end a stdio server: close its input, then SIGTERM, then SIGKILL.
_TERM_AFTER = 1.0
_KILL_AFTER = 3.0
# A descendant may hold stdout open for ever, and a process may close it and live on.
_LAST_WORDS = 1.0

_BY_SIGNAL = 128
"""Shells, npx and docker exit with this and the number of the signal that ended their process."""


@dataclass(frozen=True, slots=True)
class ProcessConfig:
    """What all processes of one server share."""

    program: Program
    processes: Processes
    message_limit: int
    backoff: RestartBackoff
    stderr: logs.Quota
    on_killed: Callable[[str], None]
    """Called with the signal that ended a process, unless the proxy sent it."""


class _Output(asyncio.Protocol):
    """One of the process's outputs."""

    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_data = on_data
        self._on_end = on_end

    def data_received(self, data: bytes) -> None:
        self._on_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_end()


class StdioTransport(ProcessListener, Transport):
    """One process. `exited` is set once it has exited and its group is killed."""

    def __init__(self, owner: TransportListener, config: ProcessConfig) -> None:
        self._owner: TransportListener | None = owner
        self._config = config
        self._answered = False
        self._stdin: asyncio.WriteTransport | None = None
        self._stdout: asyncio.ReadTransport | None = None
        self._stderr: asyncio.ReadTransport | None = None
        self._lines = LineReader(config.message_limit)
        self._stderr_log = StderrLog(config.stderr)
        self._timers: list[asyncio.TimerHandle] = []
        self._mute = False
        self._paused = False
        self._ending = False
        self._reason = "the server's process closed its output"
        self.pid = 0
        self.exited = asyncio.Event()

    def __repr__(self) -> str:
        return f"<StdioTransport pid={self.pid} exited={self.exited.is_set()}>"

    async def start(self) -> None:
        """Start the process. Raises Unreachable, or OSError where the system has no room for it."""
        loop = asyncio.get_running_loop()
        stdin, stdout, stderr = _pipes()
        theirs = (stdin[0], stdout[1], stderr[1])
        stdout_protocol = partial(_Output, self._on_line, self._on_stdout_closed)
        stderr_protocol = partial(_Output, self._on_stderr, self._on_stderr_closed)
        try:
            self._stdin, _ = await loop.connect_write_pipe(
                asyncio.BaseProtocol, os.fdopen(stdin[1], "wb", 0)
            )
            self._stdout, _ = await loop.connect_read_pipe(
                stdout_protocol, os.fdopen(stdout[0], "rb", 0)
            )
            self._stderr, _ = await loop.connect_read_pipe(
                stderr_protocol, os.fdopen(stderr[0], "rb", 0)
            )
            await self._config.processes.start(self._config.program, theirs, self)
        except (Unreachable, OSError, asyncio.CancelledError):
            self._owner = None
            self._close()
            raise
        finally:
            for each in theirs:
                os.close(each)

    def set_listener(self, owner: TransportListener) -> None:
        """From now on another gets the events."""
        self._owner = owner

    def process_started(self, pid: int) -> None:
        self.pid = pid
        logs.event(LOG, "child started", pid=pid)

    def process_exited(self, code: int) -> None:
        """Its last output may still be in the pipe."""
        for timer in self._timers:
            timer.cancel()
        self._note_exit(code)
        self.exited.set()
        if self._owner is None or self._mute:
            self._release()
        else:
            asyncio.get_running_loop().call_later(_LAST_WORDS, self._release_unread)

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        """Write one line."""
        pipe = self._stdin
        if pipe is None or pipe.is_closing() or pipe.get_write_buffer_size() > BACKLOG_LIMIT:
            return False
        pipe.write(encode(message))
        return True

    @property
    def held(self) -> int:
        return self._lines.held + (self._stdin.get_write_buffer_size() if self._stdin else 0)

    def pause(self) -> None:
        """Stop reading its stdout for now."""
        pipe = self._stdout
        if pipe is not None and not pipe.is_closing() and not self._paused:
            self._paused = True
            pipe.pause_reading()

    def resume(self) -> None:
        """Continue to read its stdout."""
        pipe = self._stdout
        if pipe is not None and not pipe.is_closing() and self._paused:
            self._paused = False
            pipe.resume_reading()

    def end(self) -> None:
        """End the process and its whole group."""
        self._ending = True
        self._shut_down()

    def kill(self) -> None:
        """Kill the process and all its descendants."""
        self._owner = None
        self._signal(signal.SIGKILL)

    def crash(self) -> None:
        """Kill the process as something else might: the owner gets the event of its end."""
        self._config.processes.signal(self.pid, signal.SIGKILL)

    def _on_line(self, data: bytes) -> None:
        owner = self._owner
        if owner is None:
            return
        arrived = perf_counter()
        for line, length in self._lines.feed(data):
            if not (codec.is_jsonrpc(line) or (length and not line)):
                self._stderr_log.stray(self.pid, line)
                continue
            self._note_answer()
            if length:
                refuse(self, owner, line, length, self._config.message_limit)
            else:
                owner.on_message(line, arrived)

    def _note_answer(self) -> None:
        if not self._answered:
            self._answered = True
            self._config.backoff.worked()

    def _on_stdout_closed(self) -> None:
        """Its stdout ended; usually it exits at once, and its exit code gives the reason."""
        self._mute = True
        if self.exited.is_set() or self._owner is None:
            self._release()
        else:
            asyncio.get_running_loop().call_later(_LAST_WORDS, self._release)

    def _on_stderr(self, data: bytes) -> None:
        self._stderr_log.feed(self.pid, data)

    def _on_stderr_closed(self) -> None:
        self._stderr_log.finish(self.pid)

    def _note_exit(self, code: int) -> None:
        name = _signal_of(code)
        killed = bool(name) and not self._ending
        self._reason = (
            f"the server's process was ended by {name}"
            if killed
            else (f"the server's process ended with exit code {code}")
        )
        level = logging.WARNING if code and not self._ending else logging.INFO
        by = {"signal": name} if name else {}
        logs.event(
            LOG, "child killed" if killed else "child exited", level, pid=self.pid, code=code, **by
        )
        if killed:
            self._config.on_killed(name)

    def _release_unread(self) -> None:
        """Stop reading its last output, unless that waits for a slow client."""
        if self._paused and self._owner is not None:
            asyncio.get_running_loop().call_later(_LAST_WORDS, self._release_unread)
        else:
            self._release()

    def _release(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            self._report_closed(owner, EXITED, self._reason)
        if self.exited.is_set():
            self._close()
        else:
            self._shut_down()

    def _report_closed(self, owner: TransportListener, outcome: CallOutcome, reason: str) -> None:
        if not owner.probing:
            now = perf_counter()
            self._config.backoff.ended(now, reason, worked=self._answered)
        owner.on_closed(outcome, reason)

    def _shut_down(self) -> None:
        self._owner = None
        if self.exited.is_set() or self._timers:
            return
        if self._stdin is not None:
            self._stdin.close()
        loop = asyncio.get_running_loop()
        self._timers = [
            loop.call_later(_TERM_AFTER, self._signal, signal.SIGTERM),
            loop.call_later(_KILL_AFTER, self._signal, signal.SIGKILL),
        ]

    def _close(self) -> None:
        for pipe in (self._stdin, self._stdout, self._stderr):
            if pipe is not None:
                pipe.close()

    def _signal(self, number: signal.Signals) -> None:
        self._ending = True
        self._config.processes.signal(self.pid, number)


def _pipes() -> list[tuple[int, int]]:
    """Three pipes. Raises OSError."""
    made: list[tuple[int, int]] = []
    try:
        while len(made) < 3:
            made.append(os.pipe())
    except OSError:
        for each in chain(*made):
            os.close(each)
        raise
    return made


def _signal_of(code: int) -> str:
    """The signal that ended a process, by its exit code; "" if none did."""
    number = -code if code < 0 else code - _BY_SIGNAL
    return signal.Signals(number).name if number in set(signal.Signals) else ""
