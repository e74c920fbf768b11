"""The signals by which a user or a supervisor ends us, and how to keep them waiting."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def held() -> Iterator[None]:
    """Deliver signals after the block: inside it no child is between started and owned.

    Python also swallows what a handler raises while it forks, and the signal would be lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def released() -> None:
    """Undo `held` in a child that was forked inside it: masks are inherited."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
