"""The file has whole lines, whenever it ends."""

import os
import stat
from pathlib import Path

import pytest

from lab.arguments import UsageError
from lab.record.output_file import created
from lab.recording.recording_file import Header, Sender, read
from proxy.errors import SettingsError
from tests.lab.recording.entries import answered, asked, entry


def test_each_entry_is_in_the_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    with created(file, Header(), force=False) as out:
        out.write(asked(1))
        assert len(read(file).entries) == 1
        out.write(answered(1))
        out.write(entry("client", bytes=3, session="2"))
        out.write(entry("server", {"method": "x"}, session="3"))

    assert [each.sender for each in read(file).entries][:2] == [Sender.CLIENT, Sender.SERVER]
    assert (out.messages, out.sessions) == (3, 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_after_an_error_nothing_more_is_written(tmp_path: Path) -> None:
    errors: list[str] = []
    reader, writer = os.pipe()
    os.close(reader)
    with created(Path(f"/dev/fd/{writer}"), Header(), force=True) as out:
        out.on_error = lambda: errors.append("stop")
        out.write(asked(1))
        out.write(asked(2))
    os.close(writer)

    assert (out.messages, errors) == (0, [])
    assert out.error is not None
    assert out.error.strerror == "Broken pipe"


def test_a_recording_that_cannot_start_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    with pytest.raises(SettingsError), created(file, Header(), force=False):
        raise SettingsError("the address is in use")
    assert not file.exists()


def test_a_file_that_exists_or_cannot_be_written_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for path, why in (("a", "exists; choose another"), ("b/c", "cannot be written: No such file")):
        with (
            pytest.raises(UsageError, match=why),
            created(tmp_path / path, Header(), force=False),
        ):
            raise AssertionError
