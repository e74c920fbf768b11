"""A guarded process ends with its owner, however the owner ends."""

from __future__ import annotations

import signal
import subprocess
import sys

import psutil
import pytest

from tests.e2e.engine import ROOT
from tests.waiting import until

pytestmark = pytest.mark.slow

SECONDS = 15.0
COMMAND = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
OWNER = f"""
import signal, subprocess, sys
subprocess.Popen(
    [sys.executable, "-m", "tests.e2e.process_guard", sys.executable, "-c", {COMMAND!r}],
    stdin=subprocess.PIPE, start_new_session=True,
)
signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_command_ends_when_its_owner_is_ended(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        try:
            command = int(owner.stdout.readline())
            assert psutil.pid_exists(command)
            owner.send_signal(number)
            until(lambda: not psutil.pid_exists(command), seconds=SECONDS)
        finally:
            owner.kill()
