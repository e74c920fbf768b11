"""The file format: what is written is read, and what is not a recording is refused in one line."""

from pathlib import Path

import msgspec
import pytest

from lab.recording import recording_file
from lab.recording.recording_file import (
    NO_JSON,
    Entry,
    Event,
    Header,
    NotARecording,
    Sender,
    line,
    read,
)
from proxy.translation.versions import Era
from stacks.servers import Transport

ENTRY = Entry(
    time=0.5,
    session="1",
    sender=Sender.CLIENT,
    transport=Transport.STDIO,
    era=Era.LEGACY,
    message=msgspec.Raw(b'{"id":1,"method":"ping"}'),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    end = msgspec.structs.replace(ENTRY, message=NO_JSON, event=Event.END)
    file.write_bytes(line(Header(redacted=False)) + line(ENTRY) + line(end))

    found = read(file)

    assert found.header.redacted is False
    assert [each.decoded() for each in found.entries] == [{"id": 1, "method": "ping"}, None]
    assert [line(each) for each in found.entries] == [line(ENTRY), line(end)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not a recording; make one by"),
        (b"\xff\n", "is not a recording"),
        (b'{"format":"har","version":1}\n', "is not a recording"),
        (b"{}\n", "is not a recording"),
        (b'{"format":"mcp-recording","version":2,"redacted":[]}\n', "has version 2 of the"),
        (b'{"format":"mcp-recording","version":1,"redacted":[]}\n', "is not a recording"),
        (b"[" * 5000, "is not a recording"),
        (line(Header(version=2)), "has version 2 of the format; this program reads up to 1"),
        (line(Header()) + line(ENTRY) + b'{"time":', "line 3 is not valid"),
        (line(Header()) + b"[]\n", "line 2 is not valid"),
        (line(Header()) + line(ENTRY).replace(b"0.5", b"-1"), "line 2 is not valid"),
        (line(Header()) + line(ENTRY).replace(b"0.5", b"1e300"), "line 2 is not valid"),
        (line(Header()) + line(ENTRY).replace(b"stdio", b"pipe"), "line 2 is not valid"),
        (line(Header()) + line(ENTRY).replace(b'"ping"', b'"\xff"'), "line 2 is not valid"),
        (
            line(Header()) + line(ENTRY).replace(b'"ping"', b"[" * 5000 + b"]" * 5000),
            "line 2 is not valid",
        ),
        (line(Header()) + line(ENTRY).replace(b'"client"', b'"proxy"'), "line 2 is not valid"),
        (line(Header()) + line(ENTRY).replace(b'"legacy"', b'"old"'), "line 2 is not valid"),
    ],
)
def test_what_is_not_a_recording_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(content)

    with pytest.raises(NotARecording) as refused:
        read(file)

    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotARecording, match="cannot be read: No such file"):
        read(tmp_path / "absent")
    with pytest.raises(NotARecording, match="cannot be read: Is a directory"):
        read(tmp_path)
    monkeypatch.setattr(recording_file, "MOST_BYTES", 10)
    (tmp_path / "long").write_bytes(line(Header()))
    with pytest.raises(NotARecording, match="larger than 0 MiB"):
        read(tmp_path / "long")
