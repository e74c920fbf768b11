"""The proxy's side of the supervisor: starts processes, and reports when each has ended."""

import array
import asyncio
import json
import logging
import resource
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .. import logs
from ..outcome import EXITED, UNREACHABLE
from ..users import User
from .base import Unreachable

LOG = logging.getLogger("proxy.processes")

SUPERVISOR = Path(__file__).with_name("supervisor.py")
END_SECONDS = 5.0
"""How long the supervisor may take to end what is left."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a process runs: `command[0]` is a path; in `directory`, "" for the proxy's own."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    directory: str = ""
    user: User | None = None


class ProcessListener(Protocol):
    """Is notified of a process."""

    def process_started(self, pid: int) -> None:
        """It runs the program."""

    def process_exited(self, code: int) -> None:
        """It has ended, and its group with it: its exit code, or the signal's number negated."""


class Processes:
    """Starts processes by a supervisor of its own, which ends all of them with the proxy."""

    def __init__(self) -> None:
        # What the proxy reserves for itself from now on is not for them.
        self._descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._programs: list[Program] = []
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._rest = b""
        self._starting: deque[tuple[ProcessListener, asyncio.Future[None]]] = deque()
        self._running: dict[int, ProcessListener] = {}
        self._gone = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Processes running={len(self._running)}>"

    async def start(
        self, program: Program, stdio: Sequence[int], listener: ProcessListener
    ) -> None:
        """Start a process on three descriptors, which the caller may close then.

        Raises Unreachable if the program cannot be run, and OSError if the supervisor cannot.
        """
        connection = self._connected(program)
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        order = json.dumps({"start": self._programs.index(program)}).encode() + b"\n"
        passed = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", stdio))
        try:
            connection.sendmsg([order], [passed])
        except OSError as error:
            raise Unreachable(f"the supervisor takes no order: {error}", UNREACHABLE) from error
        self._starting.append((listener, started))
        await started

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Signal a process and its group; SIGKILL reaches all its descendants."""
        if self._socket is not None and pid in self._running:
            with suppress(OSError):
                self._socket.send(json.dumps({"signal": pid, "number": number}).encode() + b"\n")

    async def close(self) -> None:
        """End whatever is left of all processes."""
        if self._socket is None or self._supervisor is None:
            return
        self._socket.shutdown(socket.SHUT_WR)
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._gone.wait()
        except TimeoutError:
            self._supervisor.kill()
            await self._gone.wait()

    def _connected(self, program: Program) -> socket.socket:
        """A connection to a supervisor that has the program."""
        if self._socket is None:
            self._socket = self._launch()
        if program not in self._programs:
            self._programs.append(program)
            self._introduce(self._socket, program)
        return self._socket

    def _launch(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            # -I: it does not depend on the proxy's folder or environment.
            numbers = (str(theirs.fileno()), str(self._descriptors))
            command = (sys.executable, "-I", "-S", str(SUPERVISOR), *numbers)
            try:
                self._supervisor = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={},
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        for program in self._programs:
            self._introduce(ours, program)
        self._gone.clear()
        ours.setblocking(False)
        asyncio.get_running_loop().add_reader(ours, self._read, ours)
        return ours

    def _introduce(self, connection: socket.socket, program: Program) -> None:
        """Blocks until the supervisor has read nearly all of it, which it does at once."""
        user = program.user and program.user[:3]
        described = (program.command, dict(program.environment), program.directory, user)
        connection.setblocking(True)
        connection.sendall(json.dumps({"program": described}).encode() + b"\n")
        connection.setblocking(False)

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._on_lost(connection)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._on_event(json.loads(line))

    def _on_event(self, fact: dict[str, Any]) -> None:
        if "exited" in fact:
            self._running.pop(fact["exited"]).process_exited(fact["code"])
            return
        listener, started = self._starting.popleft()
        if "pid" in fact:
            self._running[fact["pid"]] = listener
            listener.process_started(fact["pid"])
            if not started.done():
                started.set_result(None)
        elif not started.done():
            started.set_exception(Unreachable(f"cannot start {fact['error']}", UNREACHABLE))

    def _on_lost(self, connection: socket.socket) -> None:
        """The supervisor is gone, and by its end so are the processes."""
        asyncio.get_running_loop().remove_reader(connection)
        connection.close()
        if self._supervisor is not None:
            self._supervisor.wait()
        self._socket, self._rest = None, b""
        self._gone.set()
        starting, self._starting = self._starting, deque()
        running, self._running = self._running, {}
        if running or starting:
            logs.event(LOG, "supervisor ended", logging.ERROR, processes=len(running))
        for _, started in starting:
            if not started.done():
                started.set_exception(Unreachable("the supervisor ended", EXITED))
        for listener in running.values():
            listener.process_exited(-signal.SIGKILL)
