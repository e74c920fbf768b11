"""The file that a recording is written to: whole lines only, whenever it ends."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.arguments import UsageError
from lab.recording.recording_file import Entry, Header, Sender, line
from proxy.errors import SettingsError


class OutputFile:
    """Writes each entry at once. After an error it writes nothing more, and calls `on_error`."""

    def __init__(self, descriptor: int, header: Header) -> None:
        self._descriptor = descriptor
        self._size = 0
        self._sessions: set[str] = set()
        self.messages = 0
        self.error: OSError | None = None
        self.on_error: Callable[[], None] = lambda: None
        self._write(line(header))

    def __repr__(self) -> str:
        return f"<OutputFile messages={self.messages} error={self.error}>"

    @property
    def sessions(self) -> int:
        """How many sessions have a message of a client."""
        return len(self._sessions)

    def write(self, entry: Entry) -> None:
        """Write an entry."""
        self._write(line(entry))
        if entry.message and self.error is None:
            self.messages += 1
            if entry.sender is Sender.CLIENT:
                self._sessions.add(entry.session)

    def _write(self, data: bytes) -> None:
        if self.error is not None:
            return
        try:
            written = 0
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            self._size += written
        except OSError as wrong:
            with suppress(OSError):  # A pipe or a device.
                os.ftruncate(self._descriptor, self._size)
            self.error = wrong
            self.on_error()


@contextmanager
def created(path: Path, header: Header, *, force: bool) -> Iterator[OutputFile]:
    """A new file. Raises UsageError if it exists, unless with `force`, or cannot be written."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        # Only for its owner: with --payloads it has what clients and servers said.
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError as wrong:
        raise UsageError(f"{path}: exists; choose another, or give --force") from wrong
    except OSError as wrong:
        raise UsageError(f"{path}: cannot be written: {wrong.strerror}") from wrong
    try:
        yield OutputFile(descriptor, header)
    except SettingsError:  # The recording did not start.
        path.unlink()
        raise
    finally:
        os.close(descriptor)
