"""The faults that are on, in a file that is replaced as a whole: a reader finds it complete."""

import os
import stat
import time
from pathlib import Path

import msgspec

MYSTERY = "mystery"
"""The name of a fault that was chosen by a seed, until it is revealed."""

MOST_BYTES = 2**20
"""Of the file: a longer one is not read."""

Reported = tuple[str, str]
"""A fault's name and its level."""


class FaultsUnreadable(Exception):
    """A file that is not one of faults, in one line."""


class Injection(msgspec.Struct, frozen=True):
    """A fault that is on. `server` is "" for one of the telemetry, `level` where it has none.

    `started` and `ends` are seconds since the epoch; without `ends` it is on until it is reset.
    `seed` is that of a mystery, `replaced` the first start of one that this replaced.
    """

    fault: str
    level: str
    server: str
    started: float
    ends: float | None = None
    seed: int | None = None
    replaced: float | None = None

    @property
    def first_started(self) -> float:
        """When the fault began, also if its level was changed since."""
        return self.started if self.replaced is None else self.replaced

    @property
    def shown(self) -> str:
        """The name that it may be called by."""
        return self.fault if self.seed is None else MYSTERY

    @property
    def reported(self) -> Reported:
        """What metrics have of it; of a mystery, nothing is given away."""
        return self.shown, self.level if self.seed is None else ""

    def text(self, *, revealed: bool = False) -> str:
        """The fault with level and server; of a mystery only if it is revealed."""
        if self.seed is not None and not revealed:
            return f"{MYSTERY} (seed {self.seed})"
        server = f" on {self.server}" if self.server else ""
        return f"{self.fault}{' ' if self.level else ''}{self.level}{server}"

    def on(self, now: float) -> bool:
        return self.ends is None or now < self.ends


class Faults(msgspec.Struct, frozen=True):
    """The content of the file; `mystery` is the last one that was started."""

    injections: tuple[Injection, ...] = ()
    mystery: Injection | None = None

    def active(self, now: float) -> tuple[Injection, ...]:
        return tuple(each for each in self.injections if each.on(now))


NO_FAULTS = Faults()


def load(path: Path) -> Faults:
    """The content of the file; no faults where there is none. Raises FaultsUnreadable."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise FaultsUnreadable("it is not a file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return NO_FAULTS
    except (OSError, ValueError) as error:
        raise FaultsUnreadable(f"it cannot be read: {error}") from error
    if len(content) > MOST_BYTES:
        raise FaultsUnreadable(f"it is longer than {MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(content, type=Faults)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FaultsUnreadable(f"it is not a file of faults: {error}") from error


def read(path: Path) -> Faults:
    """The content of the file; no faults where there is no file, or another."""
    try:
        return load(path)
    except FaultsUnreadable:
        return NO_FAULTS


Version = tuple[int, int, int] | None


def version(path: Path) -> Version:
    """What differs after each replacement of the file, also by a link; None without a file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns


class InjectionFile:
    """The injections of a file, which is read again only when it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: Version = None
        self._faults = NO_FAULTS

    def active(self) -> tuple[Injection, ...]:
        """Those that are on now."""
        found = version(self._path)
        if found != self._version:
            self._version, self._faults = found, read(self._path)
        return self._faults.active(time.time()) if self._faults.injections else ()
