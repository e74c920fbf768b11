"""The file format: lines of JSON, a header and an entry for each message (docs/recordings.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from proxy.translation.versions import Era
from stacks.servers import Transport

FORMAT, VERSION = "mcp-recording", 1

MOST_BYTES = 256 * 1024 * 1024
"""Of a file that is read: all of it is held in memory."""

MOST_SECONDS = 1e9

NO_JSON = msgspec.Raw(b"")


class NotARecording(ValueError):
    """A file cannot be read as a recording; one line that says which and why."""


class Sender(StrEnum):
    """Who sent a message."""

    CLIENT = "client"
    SERVER = "server"


class Event(StrEnum):
    """What a client did besides sending messages."""

    STREAM = "stream"
    """It opened the session's stream of server messages (GET)."""
    END = "end"
    """It ended the session (DELETE), or its transport did."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line. Names of client and server are in the messages."""

    format: str = FORMAT
    version: int = VERSION
    redacted: bool = True


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message, or an event, or a response without a readable message.

    `time` is in seconds since the recording began; `transport` is one of the client's, as in stack
    files. `status` is that of an HTTP response from 400 on; `id` is that of the request which it
    answers without a JSON-RPC message; `bytes` is the size of what cannot be read.
    """

    time: float
    session: str
    sender: Sender = msgspec.field(name="from")
    transport: Transport
    era: Era
    event: Event | None = None
    message: msgspec.Raw = NO_JSON
    status: int = 0
    id: msgspec.Raw = NO_JSON
    bytes: int = 0

    def __post_init__(self) -> None:
        if not self.session or not 0 <= self.time <= MOST_SECONDS:
            raise ValueError(f"session is empty, or time is not from 0 to {MOST_SECONDS:g}")

    def decoded(self) -> dict[str, Any] | None:
        """The message; None without one. Raises nothing for an entry that was read."""
        found = msgspec.json.decode(self.message) if self.message else None
        return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True)
class Recording:
    """The content of a file."""

    header: Header
    entries: tuple[Entry, ...]


class _Start(msgspec.Struct):
    """What the header of any version has."""

    format: str
    version: int


_starts = msgspec.json.Decoder(_Start)
_headers, _entries = msgspec.json.Decoder(Header), msgspec.json.Decoder(Entry)


def line(content: Header | Entry) -> bytes:
    """A line of the file, with its end."""
    return msgspec.json.encode(content) + b"\n"


def read(path: Path) -> Recording:
    """Raises NotARecording."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise NotARecording(f"{path}: larger than {MOST_BYTES // 1024**2} MiB")
        with path.open("rb") as file:
            return Recording(_header(path, file.readline()), tuple(_read(path, file)))
    except OSError as wrong:
        raise NotARecording(f"{path}: cannot be read: {wrong.strerror}") from wrong


def _header(path: Path, first: bytes) -> Header:
    """Of a newer version only the version is read."""
    try:
        start = _starts.decode(first)
        if start.version > VERSION and start.format == FORMAT:
            newest = f"this program reads up to {VERSION}; update it"
            raise NotARecording(f"{path}: has version {start.version} of the format; {newest}")
        if start.version > 0 and start.format == FORMAT:
            return _headers.decode(first)
    except (msgspec.DecodeError, UnicodeError):
        pass
    raise NotARecording(f"{path}: is not a recording; make one by python -m lab.record")


def _read(path: Path, lines: Iterable[bytes]) -> Iterator[Entry]:
    for number, each in enumerate(lines, 2):
        try:
            entry = _entries.decode(each)
            entry.decoded()
        except (msgspec.DecodeError, UnicodeError, RecursionError) as wrong:
            raise NotARecording(f"{path}: line {number} is not valid: {wrong}") from wrong
        yield entry
