"""The end that a user or a supervisor asks for, by a signal."""

import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from lab.signals import ENDING

_AGAIN_SECONDS = 0.01
"""A finalizer is over by then; if not, the next loss is noticed as this one was."""


class Ended(KeyboardInterrupt):
    """A signal asked the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.number = number
        self.exit_code = 128 + number


def heed() -> None:
    """Let every ending signal raise Ended in the main thread, whatever that does meanwhile.

    Python swallows what a handler raises inside a finalizer: such a signal is sent again.
    """
    sys.unraisablehook = _unraisable
    for each in ENDING:
        signal.signal(each, _on_signal)


def _on_signal(number: int, frame: FrameType | None) -> NoReturn:
    raise Ended(number)


def _unraisable(lost: "sys.UnraisableHookArgs") -> None:
    if not isinstance(lost.exc_value, Ended):
        sys.__unraisablehook__(lost)
        return
    again = (threading.main_thread().ident, lost.exc_value.number)
    threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, again).start()
