"""The file of faults is read again when it was replaced; one with something else has none."""

import os
import time
from pathlib import Path

import msgspec
import pytest

from proxy.faults.injections import NO_FAULTS, Faults, Injection, InjectionFile, read

ONE = Injection("hang", "100%", "echo-http", 1.0)


def replace(path: Path, *injections: Injection) -> None:
    aside = path.with_name("aside")
    aside.write_bytes(msgspec.json.encode(Faults(injections)))
    aside.replace(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"injections": [{"fault": 1}]}'])
def test_a_file_with_something_else_has_no_faults(tmp_path: Path, content: str) -> None:
    path = tmp_path / "faults.json"
    assert read(path) == NO_FAULTS
    path.write_text(content)
    assert read(path) == NO_FAULTS


def test_a_reader_sees_each_change_and_the_end_of_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    file = InjectionFile(path)
    assert file.active() == ()
    now = time.time()
    ended = msgspec.structs.replace(ONE, ends=now - 1)
    replace(path, ended)
    assert file.active() == ()
    replace(path, ended, ONE, msgspec.structs.replace(ONE, ends=now + 3600))
    assert [each.ends for each in file.active()] == [None, now + 3600]
    os.unlink(path)
    assert file.active() == ()


def test_a_mystery_is_shown_without_its_name() -> None:
    assert ONE.shown == "hang"
    assert msgspec.structs.replace(ONE, seed=7).shown == "mystery"
