"""Shows snapshots: as a view that is drawn again in place, or as a line every few seconds."""

import io
import os
import sys
import time
from collections.abc import Mapping
from typing import Self

from rich.console import Console
from rich.live import Live

from lab import signals
from lab.watch.snapshot import Snapshot
from lab.watch.view import ASCII, UNICODE, line, view

PLAIN_SECONDS = 5.0


def is_terminal(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a view can be drawn on standard output."""
    return sys.stdout.isatty() and environment.get("TERM", "") not in ("", "dumb", "unknown")


class PlainLines:
    """Prints a line every few seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to restore."""

    def show(self, snapshot: Snapshot) -> None:
        """Print it, if it is time."""
        if snapshot.figures_known and time.monotonic() >= self._next:
            self._next = time.monotonic() + PLAIN_SECONDS
            print(line(snapshot), flush=True)


class LiveView:
    """Draws a view on a terminal; what is printed meanwhile scrolls on above it."""

    def __init__(self, above: str = "") -> None:
        """`above` has been printed before, and is printed again if the terminal changes its size.

        Its lines would be broken elsewhere, and the place of the view would not be known.
        """
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        self._above = above
        self._console = Console(force_terminal=True, highlight=False)
        self._glyphs = ASCII if self._console.options.ascii_only else UNICODE
        self._size = self._console.size
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stderr=sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        self._live.start()
        # If this process were killed, nothing would show the cursor again.
        self._console.show_cursor(True)
        return self

    def __exit__(self, *_: object) -> None:
        with signals.blocked():
            self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Draw it in the size that the terminal has now."""
        size = self._console.size
        if size != self._size:
            self._size = size
            self._console.clear()
            self._console.print(self._above, markup=False, soft_wrap=True)
        drawn = view(snapshot, size.width, size.height - 1, self._glyphs)
        self._live.update(drawn, refresh=True)
