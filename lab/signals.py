"""The signals that end the demo: raised as an exception, blocked where they must not interrupt."""

import ctypes
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

_received: list[int] = []


class Ended(KeyboardInterrupt):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit_code = 128 + number


def run_command(module: str) -> int:
    """Run the `main` of a module with the program's arguments; returns the exit code.

    Ctrl-C ends the program quietly while modules are imported: there is nothing to clean up yet.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code: int = import_module(module).main(sys.argv[1:])
    return code


def install() -> None:
    """Let every ending signal raise Ended in the main thread."""
    for each in ENDING:
        signal.signal(each, _on_signal)


def ignore() -> None:
    """Ignore every ending signal, since one that comes while Python ends prints a traceback."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)


def check() -> None:
    """Raise Ended if a signal was received: Python discards what is raised inside a finalizer."""
    if _received:
        raise Ended(_received[0])


def _on_signal(number: int, frame: FrameType | None) -> NoReturn:
    _received.append(number)
    raise Ended(number)


@contextmanager
def blocked() -> Iterator[None]:
    """Deliver signals after the block, for example between starting a child and recording it.

    Python also discards an exception that a handler raises while it forks.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def in_child() -> None:
    """`preexec_fn` of a child forked inside `blocked`: it inherits the mask, and dies with us."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
