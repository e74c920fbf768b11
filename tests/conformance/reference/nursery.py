"""Stdio servers that start at once: a warm process forks one for each launcher that asks.

Importing the SDK takes a second of CPU, and a stdio server is started for every session. So the
command that the proxy starts is a launcher (`launcher.py`): it hands its stdin and stdout to the
nursery, whose fork serves them, and it lives as long as that fork.
"""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path


def nurse(path: Path, serve: Callable[[], None], tell_ready: Callable[[str], None]) -> None:
    """Fork a process that runs `serve` for each launcher at the socket `path`, until killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        tell_ready(str(path))
        while True:
            launcher, _ = listener.accept()
            if os.fork() == 0:
                _serve_launcher(launcher, serve)
            launcher.close()


def _serve_launcher(launcher: socket.socket, serve: Callable[[], None]) -> None:
    try:
        _, (reader, writer), _, _ = socket.recv_fds(launcher, 1, 2)
        for given, standard in ((reader, 0), (writer, 1)):
            os.dup2(given, standard)
            os.close(given)
        serve()
    finally:
        os._exit(0)
