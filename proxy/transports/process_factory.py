"""Starts a process of a stdio server for each session."""

import asyncio
import os
from collections.abc import Callable
from time import perf_counter

from .. import logs
from ..outcome import EXITED, OVERLOADED
from .backoff import RestartBackoff
from .base import Connector, TransportListener, Unreachable
from .processes import Processes, Program
from .stderr_log import LINES_PER_SECOND
from .stdio import ProcessConfig, StdioTransport
from .trial_process import TrialProcess

FREE_FAILURES = 2
"""So many processes may end in a row without having said anything before there is a pause."""


class ProcessFactory(Connector):
    """Starts a process for each transport.

    To see whether the command works, a probe starts one ahead, at first and after failures; the
    next session gets it. `on_restart` is called for each that replaces one that exited by itself,
    `on_killed` with the signal that ended one. A command whose processes repeatedly exit without
    output is delayed.
    """

    def __init__(
        self,
        program: Program,
        processes: Processes,
        message_limit: int,
        on_restart: Callable[[], None],
        on_killed: Callable[[str], None],
    ) -> None:
        self._on_restart = on_restart
        self._backoff = RestartBackoff(free=FREE_FAILURES)
        quota = logs.Quota(LINES_PER_SECOND)
        self._config = ProcessConfig(
            program, processes, message_limit, self._backoff, quota, on_killed
        )
        self._untried = True
        self._closed = False
        self._trial: TrialProcess | None = None
        self._starting_trial = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<ProcessFactory {self._config.program.command[0]}>"

    async def connect(
        self, owner: TransportListener, headers: bytes = b"", query: bytes = b""
    ) -> StdioTransport:
        async with self._starting_trial:
            trial, self._trial = self._trial, None
        child = trial.hand_over(owner) if trial is not None else None
        if child is not None:
            return child
        backoff = self._backoff
        pause = backoff.pause(perf_counter())
        if pause:
            reason = f"the server's process ended {backoff.failures} times without an answer"
            raise Unreachable(f"{reason}: it is started again in {pause:.1f} s", EXITED)
        return await self._start(owner)

    async def probe(self) -> str:
        if not os.access(self._config.program.command[0], os.X_OK):
            return "its command is not an executable file"
        try:
            await self._try()
        except Unreachable as error:
            return str(error)
        return self._backoff.failure

    async def close(self) -> None:
        """Each process is ended with its transport."""
        self._closed = True
        if self._trial is not None:
            self._trial.end()

    async def _try(self) -> None:
        """Start a process if it is not known whether the command works. Raises Unreachable.

        After a failure, nothing is known until that process has lasted.
        """
        backoff, trial = self._backoff, self._trial
        failed = backoff.failures > 0
        due = (self._untried or failed) and not backoff.pause(perf_counter())
        if self._closed or not due or (trial is not None and not trial.over.is_set()):
            return
        async with self._starting_trial:
            trial = TrialProcess(backoff.worked)
            trial.attach(await self._start(trial))
            self._trial = trial
        if not failed:
            await trial.live()

    async def _start(self, owner: TransportListener) -> StdioTransport:
        child = StdioTransport(owner, self._config)
        try:
            await child.start()
        except Unreachable as error:
            self._backoff.failed(perf_counter(), str(error))
            raise
        except OSError as error:  # No failure of the server's: neither counted nor paused for.
            reason = f"cannot start the server's process: {error.strerror}"
            raise Unreachable(reason, OVERLOADED) from error
        self._untried = False
        if self._backoff.started():
            self._on_restart()
        return child
