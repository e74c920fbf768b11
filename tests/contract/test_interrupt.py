"""Ctrl-C ends commands without a traceback, also while they import their modules."""

import os
import signal
import socket
import subprocess
import sys

import pytest

IMPORTED = {
    "dashboards": "dashboards.export",
    "lab.compare": "lab.compare.options",
    "lab.demo": "lab.demo.options",
    "lab.doctor": "lab.doctor.options",
    "lab.fault": "lab.faults.live",
    "lab.load": "lab.load.options",
    "lab.preview": "lab.preview.options",
    "lab.record": "lab.record.options",
    "lab.replay": "lab.replay.options",
    "lab.watch": "lab.watch.screen",
    "lab.workshop": "lab.workshop.options",
}
"""Each command, and a module that it imports."""

PROGRAM = """
import runpy, signal, sys

class Interrupt:
    @staticmethod
    def find_spec(name, *_):
        if name == sys.argv[2]:
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupt)
runpy.run_module(sys.argv[1], run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("command", IMPORTED)
def test_ctrl_c_during_the_imports_prints_nothing(command: str) -> None:
    ended = subprocess.run(
        (sys.executable, "-c", PROGRAM, command, IMPORTED[command]),
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")


def test_ctrl_c_ends_an_import_into_grafana_with_130() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        waiting = subprocess.Popen(
            (sys.executable, "-m", "dashboards", "import", "--grafana-url", url),
            stderr=subprocess.PIPE,
            env={**os.environ, "GRAFANA_TOKEN": "secret"},
        )
        asked, _ = silent.accept()
        with asked:
            waiting.send_signal(signal.SIGINT)
            _, printed = waiting.communicate(timeout=30)

    assert (waiting.returncode, printed) == (130, b"")
