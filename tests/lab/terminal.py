"""A pseudo-terminal, as a person has in front of them."""

import errno
import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FIXED_SIZE = {"COLUMNS", "LINES"}
"""A terminal exports no size; pytest's import of readline does, in the workers of pytest-xdist."""


def environment() -> dict[str, str]:
    """The variables of a program in a terminal."""
    others = {name: value for name, value in os.environ.items() if name not in _FIXED_SIZE}
    return others | {"TERM": "xterm-256color", "NO_COLOR": ""}


class Terminal:
    """The controlling terminal of one program.

    `control` is called before it is executed, and `handed_over` once it has started.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self._master, self.device = os.openpty()
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as a window does."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def press(self, keys: str) -> None:
        r"""Type something, such as "\x03" for Ctrl-C."""
        os.write(self._master, keys.encode())

    def attributes(self) -> list[Any]:
        """Whether it echoes, which keys are signals, and so on (termios(3))."""
        return termios.tcgetattr(self._master)

    def control(self) -> None:
        """`preexec_fn` of the leader of a new session whose standard input is the device."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def handed_over(self) -> None:
        """Leave the device to the program: `lines` ends with it."""
        os.close(self.device)

    def lines(self) -> Iterator[str]:
        """What is printed, until every program has closed the device."""
        rest = b""
        while data := self._read():
            *whole, rest = (rest + data).split(b"\n")
            yield from (each.decode(errors="replace") for each in whole)
        yield rest.decode(errors="replace")

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError as wrong:
            if wrong.errno == errno.EIO:  # No program has the device any more.
                return b""
            raise

    def close(self) -> None:
        os.close(self._master)


@contextmanager
def terminal(columns: int, lines: int) -> Iterator[Terminal]:
    """A terminal of this size."""
    opened = Terminal(columns, lines)
    try:
        yield opened
    finally:
        opened.close()
