"""Processes by way of the supervisor: what they are given, and what is notified of them."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from proxy.transports.base import Unreachable
from proxy.transports.processes import Processes, Program
from proxy.transports.supervisor import MARK


class Recorded:
    """A listener that waits for its process's end."""

    def __init__(self) -> None:
        self.pid = 0
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def process_started(self, pid: int) -> None:
        self.pid = pid

    def process_exited(self, code: int) -> None:
        self.code.set_result(code)


async def output(processes: Processes, program: Program) -> tuple[str, int]:
    """What a process of the program wrote to stdout, and its exit code."""
    nothing = os.open(os.devnull, os.O_RDWR)
    reading, writing = os.pipe()
    listener = Recorded()
    try:
        await processes.start(program, (nothing, writing, nothing), listener)
    finally:
        os.close(nothing)
        os.close(writing)
    return await asyncio.to_thread(_all_of, reading), await listener.code


def _all_of(descriptor: int) -> str:
    with open(descriptor) as reader:
        return reader.read()


def run(*programs: Program) -> list[tuple[str, int]]:
    """What each of the programs came to, one after the other under the same supervisor."""

    async def use() -> list[tuple[str, int]]:
        processes = Processes()
        try:
            return [await output(processes, each) for each in programs]
        finally:
            await processes.close()

    return asyncio.run(use())


def python(code: str, environment: Mapping[str, str] | None = None, folder: str = "") -> Program:
    return Program((sys.executable, "-I", "-S", "-c", code), environment or {}, folder)


def test_a_process_gets_its_arguments_its_environment_and_its_folder(tmp_path: Path) -> None:
    code = "import os; print(dict(os.environ), os.getcwd(), os.getpid())"
    odd = os.fsdecode(b"\xff")
    [(printed, code_of_exit)] = run(python(code, {"LC_ALL": "C", "ODD": odd}, str(tmp_path)))
    pid = printed.split()[-1]
    given = {"LC_ALL": "C", "ODD": odd, MARK: pid}
    assert (printed.strip(), code_of_exit) == (f"{given} {tmp_path} {pid}", 0)


def test_a_process_has_no_descriptor_beside_stdio_and_no_signal_is_ignored() -> None:
    code = """
import os, signal
folder = "/proc/self/fd"
print(sorted(each for each in os.listdir(folder) if os.path.exists(f"{folder}/{each}")))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
# Signals 32 and 33 are the C library's own: nothing but it can reset them.
print([int(status[each], 16) & ~(3 << 31) for each in ("SigBlk", "SigIgn")])
"""
    [(printed, _)] = run(python(code))
    descriptors, signals = printed.splitlines()
    assert descriptors == "['0', '1', '2']"
    # By Python itself, and by what started the tests, such as a shell in the background.
    ignored = {signal.SIGPIPE, signal.SIGXFSZ}
    ignored |= {x for x in signal.valid_signals() if signal.getsignal(x) is signal.SIG_IGN}
    assert signals == str([0, sum(1 << each - 1 for each in ignored)])


def test_descriptors_that_the_proxy_reserves_are_not_for_its_processes() -> None:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def use() -> tuple[str, int]:
        processes = Processes()
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
        try:
            code = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))"
            return await output(processes, python(code))
        finally:
            await processes.close()

    resource.setrlimit(resource.RLIMIT_NOFILE, (before - 100, most))
    try:
        printed, _ = asyncio.run(use())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
    assert printed == f"({before - 100}, {most})\n"


def test_exit_codes_and_signals_are_reported() -> None:
    killed = "import os; os.kill(os.getpid(), 9)"
    ended = run(python("raise SystemExit(7)"), python(killed), python("raise SystemExit(137)"))
    assert [code for _, code in ended] == [7, -9, 137]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (Program(("/no/such", "x"), {}), "/no/such: No such file or directory"),
        (Program((os.devnull,), {}), f"{os.devnull}: Permission denied"),
        (python("", folder="/no/folder"), "/no/folder: No such file or directory"),
    ],
)
def test_a_program_that_cannot_be_run_is_reported_with_the_reason(
    program: Program, reason: str
) -> None:
    with pytest.raises(Unreachable, match=reason):
        run(program)
    assert [code for _, code in run(python(""))] == [0]
