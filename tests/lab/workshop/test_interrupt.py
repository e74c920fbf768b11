"""Ctrl-C ends a command without a traceback."""

import signal
import socket
import subprocess
import sys


def test_ctrl_c_ends_a_command_that_waits_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = (sys.executable, "-m", "lab.workshop", "query", "up", "--prometheus", url)
        waiting = subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            # A test run in the background would hand its ignored SIGINT down.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        asked, _ = silent.accept()
        with asked:
            waiting.send_signal(signal.SIGINT)
            _, said = waiting.communicate(timeout=30)

    assert (waiting.returncode, said) == (-signal.SIGINT, b"")
