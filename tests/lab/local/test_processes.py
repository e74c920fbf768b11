"""Children end with their owner, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lab.local.processes import Command, Processes, ProcessFailed
from tests.waiting import until

FOREVER = "import signal; print('up', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('up', flush=True); signal.pause(); signal.pause()"
)
WITH_GRANDCHILD = (
    "import signal, subprocess, sys;"
    "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
    "print(child.pid, flush=True); signal.pause()"
)
ON_SIGTERM = """
import signal, sys
def end(*_):
    with open("{notes}", "a") as notes:
        print("{name}", file=notes)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
signal.pause()
"""
# Starts two children, prints their pids, and waits for a signal.
OWNER = """
import signal, sys
from pathlib import Path
from lab.local.processes import Command, Processes
signal.signal(signal.SIGTERM, signal.default_int_handler)
with Processes(Path(sys.argv[1])) as processes:
    for name in ("one", "two"):
        processes.start(Command(name, (sys.executable, "-c", "import signal; signal.pause()"), {}))
    print(*processes.pids.values(), flush=True)
    signal.pause()
"""


def python(name: str, code: str) -> Command:
    return Command(name, (sys.executable, "-c", code), os.environ)


def gone(pid: int) -> bool:
    """Whether no process has this pid, or only a zombie that its new parent has yet to reap."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def logged(folder: Path, name: str) -> Callable[[], str | None]:
    return lambda: (folder / f"{name}.log").read_text() or None


def test_children_end_when_the_block_ends(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        pids = [processes.start(python(name, FOREVER)).pid for name in ("one", "two")]
    assert all(gone(pid) for pid in pids)


def test_the_last_started_ends_first(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start(python("back", ON_SIGTERM.format(notes=tmp_path / "notes", name="back")))
        processes.start(python("front", ON_SIGTERM.format(notes=tmp_path / "notes", name="front")))
        for name in ("back", "front"):
            processes.wait("started", logged(tmp_path, name), 10)
    assert (tmp_path / "notes").read_text().split() == ["front", "back"]


def test_before_stop_is_called_while_the_children_run(tmp_path: Path) -> None:
    found: list[bool] = []
    with Processes(tmp_path) as processes:
        pid = processes.start(python("one", FOREVER)).pid
        processes.before_stop(lambda: found.append(gone(pid)))
        assert found == []
    assert found == [False]
    assert gone(pid)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    with Processes(tmp_path, stop_seconds=0.2) as processes:
        process = processes.start(python("stubborn", STUBBORN))
        processes.wait("started", logged(tmp_path, "stubborn"), 10)
    assert gone(process.pid)


def test_grandchildren_end_too(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start(python("parent", WITH_GRANDCHILD))
        grandchild = int(processes.wait("started", logged(tmp_path, "parent"), 10))
    until(lambda: gone(grandchild), seconds=30)


def test_a_child_that_dies_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start(python("bystander", FOREVER))
        processes.start(python("culprit", "import sys; print('disk is full'); sys.exit(3)"))
        with pytest.raises(ProcessFailed) as failed:
            processes.wait("never", lambda: None, 10)
    assert str(failed.value).startswith("culprit ended with exit code 3; ")
    assert "disk is full" in str(failed.value)


def test_the_end_of_a_log_is_ten_lines_of_two_hundred_characters_at_most(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start(python("talker", "for n in range(30): print(n, 'x' * 400)"))
        with pytest.raises(ProcessFailed) as failed:
            processes.wait("never", lambda: None, 10)
    _, *lines = str(failed.value).splitlines()
    assert [line.split()[0] for line in lines] == [str(n) for n in range(20, 30)]
    assert {len(line.strip()) for line in lines} == {200}


def test_a_killed_child_is_named_with_the_signal(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        os.kill(processes.start(python("victim", FOREVER)).pid, signal.SIGKILL)
        with pytest.raises(ProcessFailed, match="victim was ended by SIGKILL"):
            processes.wait("never", lambda: None, 10)


def test_a_program_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes, pytest.raises(ProcessFailed) as failed:
        processes.start(Command("ghost", ("/nowhere/ghost",), {}))
    assert str(failed.value) == "ghost: cannot run /nowhere/ghost: No such file or directory"


def test_a_wait_ends_at_its_deadline(tmp_path: Path) -> None:
    with (
        Processes(tmp_path) as processes,
        pytest.raises(TimeoutError, match=r"nothing: not within 0.1 s"),
    ):
        processes.wait("nothing", lambda: None, 0.1)


def test_a_process_that_is_never_ready_shows_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        process = processes.start(python("slow", FOREVER))
        processes.wait("started", logged(tmp_path, "slow"), 10)
        with pytest.raises(ProcessFailed, match=r"(?s)slow is not ready.*up"):
            processes.wait_ready(process, lambda: None, 0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_children_end_when_their_owner_is_ended_by(tmp_path: Path, number: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdout is not None
    pids = [int(pid) for pid in owner.stdout.readline().split()]
    owner.send_signal(number)
    owner.wait(timeout=30)
    owner.stdout.close()
    assert len(pids) == 2
    until(lambda: all(gone(pid) for pid in pids), seconds=30)


def test_a_stopped_child_is_no_longer_checked(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        pid = processes.start(python("one", FOREVER)).pid
        processes.stop("one")
        processes.check()
        assert gone(pid)


def test_a_restarted_child_appends_to_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start(python("one", FOREVER))
        processes.wait("started", logged(tmp_path, "one"), 10)
        processes.stop("one", signal.SIGKILL)
        processes.start(python("one", FOREVER))
        log = tmp_path / "one.log"
        processes.wait("started", lambda: log.read_text().count("up") == 2 or None, 10)


def test_a_child_in_sigstop_ends_without_delay(tmp_path: Path) -> None:
    with Processes(tmp_path, stop_seconds=60) as processes:
        pid = processes.start(python("one", FOREVER)).pid
        processes.wait("started", logged(tmp_path, "one"), 10)
        processes.send("one", signal.SIGSTOP)
    assert gone(pid)
