"""A signal is raised as an exception, also if Python discards the first one."""

import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import signal, sys, weakref
from pathlib import Path
from lab import signals
from lab.local.processes import Processes

class Thing:
    pass

signals.install()
thing = Thing()
weakref.finalize(thing, {finalizer})
try:
    with Processes(Path(sys.argv[1])) as processes:
        del thing
        {then}
except signals.Ended as ended:
    raise SystemExit(ended.exit_code)
"""


def run(folder: Path, *, finalizer: str, then: str) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(finalizer=finalizer, then=then)
    command = (sys.executable, "-c", program, str(folder))
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_signal_in_a_finalizer_ends_the_next_wait(tmp_path: Path) -> None:
    wait = "processes.wait('nothing', lambda: None, 40)"
    done = run(tmp_path, finalizer="signal.raise_signal, signal.SIGTERM", then=wait)
    assert done.returncode == 128 + signal.SIGTERM


def test_a_signal_is_raised_where_it_arrives(tmp_path: Path) -> None:
    done = run(tmp_path, finalizer="int", then="signal.raise_signal(signal.SIGHUP)")
    assert (done.returncode, done.stderr) == (128 + signal.SIGHUP, "")


def test_a_second_signal_while_python_ends_prints_nothing() -> None:
    program = """
import signal, weakref
from lab import signals

signals.install()
weakref.finalize(signals, signal.raise_signal, signal.SIGTERM)
try:
    signal.raise_signal(signal.SIGTERM)
except signals.Ended as ended:
    signals.ignore()
    raise SystemExit(ended.exit_code)
"""
    command = (sys.executable, "-c", program)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
