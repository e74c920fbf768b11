"""However a run ends, nothing of it is left."""

import signal
import subprocess
import sys

import psutil
import pytest

from tests.conformance.runs import installed

pytestmark = pytest.mark.slow

END_SECONDS = 20.0


def family(root: int) -> list[psutil.Process]:
    return psutil.Process(root).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_reported_to_end_leaves_no_process(number: signal.Signals) -> None:
    installed()
    command = (sys.executable, "-m", "tests.conformance")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        try:
            assert "requirements of" in run.stderr.readline()
            processes = family(run.pid)
            assert processes
            run.send_signal(number)
            assert run.wait(END_SECONDS) == 128 + number
            assert psutil.wait_procs(processes, END_SECONDS)[1] == []
        finally:
            run.kill()
