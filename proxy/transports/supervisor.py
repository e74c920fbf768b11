"""Starts the processes of stdio servers for the proxy, and ends all their descendants with it.

A program of its own, with the standard library only: what runs between fork and exec is safe here,
where there is one thread, and a fork of this small process costs the proxy's event loop nothing.
As a subreaper (prctl(2)) it adopts every orphan, also one that left its process group; so when the
proxy is gone, by SIGKILL too, nothing that a server started is left.

Its arguments are the number of a socket, and how many descriptors a process may have. It is spoken
to by lines of JSON over the socket:

    {"program": [command, environment, directory, user]}    one more program; they have numbers
    {"start": number}, with three descriptors               -> {"pid": n} or {"error": reason}
    {"signal": pid, "number": n}                            SIGKILL goes to all descendants
                                                            -> {"exited": pid, "code": n}

The end of that stream ends everything.
"""

import array
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

MARK = "MCP_OBSERVABILITY_PROCESS"
"""The variable that names an orphan's origin: the id of the process that was started."""

TERM_SECONDS = 1.0
KILL_SECONDS = 3.0
"""What is left has so long after the proxy's end: until SIGKILL, and to be gone then."""

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The proxy decides when all ends."""
_STDIO = 3
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_NOT_STARTED = 127
_LOOK_SECONDS = 0.01

Program = tuple[list[str], dict[str, str], str, list[Any]]


def _prctl() -> Callable[[int, int], object]:
    """prctl(2); does nothing on systems without it."""
    call = getattr(ctypes.CDLL(None), "prctl", None)
    return (lambda option, value: None) if call is None else call


class Supervisor:
    """The processes that were started, by id, until each has ended."""

    def __init__(self, proxy: socket.socket, most_descriptors: int) -> None:
        self._proxy = proxy
        self._most_descriptors = most_descriptors
        self._descriptors: list[int] = []
        self._programs: list[Program] = []
        self._running: set[int] = set()
        self._prctl = _prctl()

    def run(self) -> None:
        """Serve the proxy until it is gone, then end everything."""
        self._prctl(_PR_SET_CHILD_SUBREAPER, 1)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        proxy, rest = self._proxy.fileno(), b""
        with suppress(OSError):
            while True:
                ready, _, _ = select.select((proxy, woken), (), ())
                if woken in ready:
                    os.read(woken, 4096)
                    self._reap()
                if proxy in ready:
                    data = self._receive()
                    if not data:
                        break
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        self._handle(json.loads(line))
        self._end()

    def _receive(self) -> bytes:
        room = socket.CMSG_SPACE(64 * array.array("i").itemsize)
        data, ancillary, _, _ = self._proxy.recvmsg(1 << 16, room)
        for _, _, content in ancillary:
            descriptors = array.array("i", content)
            for each in descriptors:
                os.set_inheritable(each, False)
            self._descriptors.extend(descriptors)
        return data

    def _handle(self, order: dict[str, Any]) -> None:
        if "program" in order:
            self._programs.append(tuple(order["program"]))
        elif "start" in order:
            stdio, self._descriptors = self._descriptors[:_STDIO], self._descriptors[_STDIO:]
            self._start(self._programs[order["start"]], stdio)
        elif order["signal"] in self._running:
            self._signal(order["signal"], order["number"])

    def _reply(self, **fact: object) -> None:
        self._proxy.sendall(json.dumps(fact).encode() + b"\n")

    def _start(self, program: Program, stdio: list[int]) -> None:
        failure, report = os.pipe()
        pid = os.fork()
        if not pid:
            self._become(program, stdio, report)
        for each in (report, *stdio):
            os.close(each)
        with open(failure, encoding="utf-8") as reader:
            reason = reader.read()
        if reason:
            os.waitpid(pid, 0)
            self._reply(error=reason)
        else:
            self._running.add(pid)
            self._reply(pid=pid)

    def _become(self, program: Program, stdio: list[int], report: int) -> NoReturn:
        """In the new process: execute the program, or write the reason to `report`."""
        command, environment, directory, user = program
        try:
            os.setsid()
            for target, descriptor in enumerate(stdio):
                os.dup2(descriptor, target)
            for number in (*_IGNORED, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores those two
                signal.signal(number, signal.SIG_DFL)
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (self._most_descriptors, most))
            if user:
                name, group_id, user_id = user
                os.initgroups(name, group_id)
                os.setgid(group_id)
                os.setuid(user_id)
            if directory:
                os.chdir(directory)
            supervisor = os.getppid()
            self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == supervisor:
                os.execve(command[0], command, {**environment, MARK: str(os.getpid())})
        except OSError as error:
            os.write(report, f"{error.filename or command[0]}: {error.strerror}".encode())
        finally:
            os._exit(_NOT_STARTED)

    def _signal(self, pid: int, number: int) -> None:
        """Signal the process's group; SIGKILL goes to all its current descendants."""
        if number == signal.SIGKILL:
            for each in _descendants(pid):
                _signal(os.kill, each, number)
        _signal(os.killpg, pid, number)

    def _reap(self) -> None:
        """Reap ended processes, and end their groups and orphans."""
        for pid, status in _ended():
            if pid in self._running:
                self._running.remove(pid)
                _signal(os.killpg, pid, signal.SIGKILL)
                self._reply(exited=pid, code=os.waitstatus_to_exitcode(status))
        for orphan in _children() - self._running:
            origin = _origin(orphan)
            if origin and origin not in self._running:
                _signal(os.kill, orphan, signal.SIGKILL)

    def _end(self) -> None:
        """End what is left: first by SIGTERM, then by SIGKILL, orphans as they appear."""
        for pid in self._running:
            _signal(os.killpg, pid, signal.SIGTERM)
        since = time.monotonic()
        while (waited := time.monotonic() - since) < TERM_SECONDS + KILL_SECONDS:
            self._running.difference_update(pid for pid, _ in _ended())
            left = self._running | _children()
            if not left:
                return
            if waited > TERM_SECONDS or not self._running:
                for pid in left:
                    _signal(os.kill, pid, signal.SIGKILL)
            time.sleep(_LOOK_SECONDS)


def _ended() -> Iterator[tuple[int, int]]:
    """The children that ended since, with their status."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def _signal(send: Callable[[int, int], None], pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it ended, or is another user's by setuid
        send(pid, number)


def _parents() -> dict[int, int]:
    """The parent of every process; empty where there is no /proc."""
    found = {}
    with suppress(FileNotFoundError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
                found[int(name)] = int(stat.read().rpartition(b")")[2].split()[1])
    return found


def _children() -> set[int]:
    """Started processes and adopted orphans."""
    return {each for each, parent in _parents().items() if parent == os.getpid()}


def _descendants(pid: int) -> list[int]:
    """The process's children, theirs, and so on."""
    parents = _parents()
    found = [pid]
    for ancestor in found:
        found += [each for each, parent in parents.items() if parent == ancestor]
    return found[1:]


def _origin(pid: int) -> int:
    """The started process that an orphan descends from; 0 if unknown."""
    with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environment:
        for variable in environment.read().split(b"\0"):
            name, _, value = variable.partition(b"=")
            if name == MARK.encode() and value.isdigit():
                return int(value)
    return 0


def main() -> None:
    """Serve the proxy at the other end of the socket that the first argument names."""
    number, most_descriptors = map(int, sys.argv[1:])
    proxy = socket.socket(fileno=number)
    proxy.set_inheritable(False)
    Supervisor(proxy, most_descriptors).run()


if __name__ == "__main__":
    main()
