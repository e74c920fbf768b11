"""stdio: a server as a child, a message on each line."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from lab import signals
from lab.load.http import LIMIT_BYTES
from lab.load.pending_answers import PendingAnswers
from lab.load.protocol import CallFailed, Request
from lab.load.session import OnMessage, Reply
from proxy.telemetry.catalogue import Outcome

EXIT_SECONDS = 0.5
"""For a server to exit by itself when its input ends, and again when it is asked to."""

_ERRORS_KEPT = 2000


class Stdio:
    """One server process, which is its own process group and ends at the latest with us."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._answers = PendingAnswers()
        self._process: Process | None = None
        self._readers: tuple[asyncio.Task[None], ...] = ()
        self._errors = b""

    def __repr__(self) -> str:
        return f"<Stdio {self._command[0]} {self._process}>"

    def observe(self, on_message: OnMessage) -> None:
        self._answers.on_message = on_message

    async def connect(self) -> None:
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=LIMIT_BYTES,
                start_new_session=True,
                preexec_fn=signals.in_child,
            )
        except OSError as wrong:
            text = f"cannot run {self._command[0]}: {wrong.strerror}"
            raise CallFailed(Outcome.TRANSPORT_ERROR, text) from wrong
        errors = asyncio.create_task(self._read_errors(self._process))
        self._readers = (asyncio.create_task(self._read(self._process, errors)), errors)

    async def _read(self, process: Process, errors: asyncio.Task[None]) -> None:
        """Deliver the lines of standard output."""
        assert process.stdout is not None
        reason = f"a line of more than {LIMIT_BYTES} bytes"
        with suppress(ValueError):
            async for line in process.stdout:
                self._answers.deliver(line)
            code = await process.wait()
            await errors
            last = self._errors.decode(errors="replace").strip().splitlines()[-1:]
            reason = ": ".join((f"the server ended with exit code {code}", *last))
        self._answers.end(reason)

    async def _read_errors(self, process: Process) -> None:
        """Keep the end of standard error."""
        assert process.stderr is not None
        while data := await process.stderr.read(65536):
            self._errors = (self._errors + data)[-_ERRORS_KEPT:]

    async def ask(self, request: Request) -> Reply:
        return await self._answers.ask(request, self.notify)

    async def notify(self, request: Request) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        # If the server has ended, what awaits its answers learns why.
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(request.body + b"\n")
            await self._process.stdin.drain()

    def negotiated(self, version: str) -> None:
        """Messages do not carry it."""

    async def close(self) -> None:
        """End the server as MCP asks ("stdio", Shutdown): its input, SIGTERM, SIGKILL."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            if not await _exits(process):
                _signal_group(process, signal.SIGTERM)
                await _exits(process)
        finally:
            _signal_group(process, signal.SIGKILL)
            for each in self._readers:
                each.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


async def _exits(process: Process) -> bool:
    """Whether it exits in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(EXIT_SECONDS):
            await process.wait()
            return True
    return False


def _signal_group(process: Process, number: signal.Signals) -> None:
    # An empty group does not exist, or on macOS may not be signalled.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
