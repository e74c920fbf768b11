"""The file of approved tools: read as it was written, whole or not at all."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import SettingsError
from proxy.telemetry.vocabulary import TOOL_BYTES
from proxy.tools.baseline_file import FORMAT, of_server, read, write
from proxy.tools.definition import Definition, canonical, parse
from tests.proxy.tools.test_definition import TOOLS

ONE = {"s": {"t": Definition("t", "what it does", {"type": "object"})}}


@given(st.dictionaries(st.text("abc"), st.lists(TOOLS, max_size=3), max_size=3))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, listed: dict[str, list[dict[str, object]]]
) -> None:
    path = str(tmp_path_factory.getbasetemp() / "baseline.json")
    servers: dict[str, dict[str, Definition]] = {}
    for server, tools in listed.items():
        forms = [canonical(json.dumps(each).encode()) for each in tools]
        found = [parse(form) for form in forms if form is not None]
        servers[server] = {each.name: each for each in found}
    write(path, servers)
    assert read("--tool-baseline", path) == servers


def test_the_file_can_be_reviewed(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    write(str(path), ONE)
    content = json.loads(path.read_text(encoding="utf-8"))
    tool = {"description": "what it does", "inputSchema": {"type": "object"}}
    assert content == {"format": FORMAT, "servers": {"s": {"t": tool}}}
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no list of tools"),
        (b"{}", "is no list of tools"),
        (b"\xff", "is no list of tools"),
        (b"[" * 100_000, "is no list of tools"),
        (b'{"format": "x", "servers": {"s": []}}', "is no list of tools"),
        (b'{"format": "x", "servers": {"s": {"t": 7}}}', "is no list of tools"),
        (b'{"format": "x", "servers": {}}', "format is 'x', not 'mcp-tool-baseline/1'"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read("--tool-baseline", str(path))
    assert str(refused.value).startswith(f"--tool-baseline {path}: {reason}")
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read("--tool-baseline", str(tmp_path / "none"))


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        write(str(tmp_path / "none" / "baseline.json"), ONE)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        write(str(folder), ONE)
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize(
    ("name", "alone", "tools"),
    [("s", False, {"t"}), ("s", True, {"t"}), ("other", True, {"t"}), ("other", False, set())],
)
def test_a_servers_tools_are_found_by_its_name_or_as_the_only_ones(
    name: str, alone: bool, tools: set[str]
) -> None:
    assert of_server(ONE, name, alone=alone).keys() == tools


def test_tools_are_named_as_their_labels_are() -> None:
    long = {"s": {"x" * 1000: Definition("x" * 1000)}}
    assert of_server(long, "s", alone=False).keys() == {"x" * TOOL_BYTES}
