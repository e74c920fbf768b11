"""A signal ends the demo wherever it strikes, also where Python swallows exceptions."""

import signal
import subprocess
import sys

PROGRAM = """
import signal, weakref
from lab.demo.ended import Ended, heed

class Thing:
    pass

heed()
thing = Thing()
weakref.finalize(thing, {finalizer})
try:
    del thing
    {then}
except Ended as ended:
    raise SystemExit(ended.exit_code)
"""


def run(*, finalizer: str, then: str) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(finalizer=finalizer, then=then)
    return subprocess.run(
        (sys.executable, "-c", program), capture_output=True, text=True, timeout=20, check=False
    )


def test_a_signal_that_strikes_in_a_finalizer_ends_the_demo_nevertheless() -> None:
    done = run(finalizer="signal.raise_signal, signal.SIGTERM", then="signal.pause()")
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")


def test_another_error_in_a_finalizer_is_told_and_ends_nothing() -> None:
    done = run(finalizer="int, 'no number'", then="signal.raise_signal(signal.SIGHUP)")
    assert done.returncode == 128 + signal.SIGHUP
    assert "ValueError" in done.stderr
