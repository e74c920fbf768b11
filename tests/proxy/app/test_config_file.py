"""The file of servers, as MCP clients write it: what is read of it, and every mistake by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from proxy.app.config_file import Entry, ServerList, read
from proxy.app.option_values import HttpTransport
from proxy.errors import SettingsError

HTTP = HttpTransport.STREAMABLE_HTTP
VARIABLES = {"TOKEN": "t", "HOME": "/h", "BIN": "run"}


def listed(tmp_path: Path, servers: Any, holder: str = "mcpServers") -> ServerList:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({holder: servers, "inputs": []}))
    return read("--config", str(path), VARIABLES)


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        (
            {"command": "${BIN}", "args": ["-y", "${HOME}"], "env": {"KEY": "${TOKEN}", "N": 1}},
            Entry("a", ("run", "-y", "/h"), {"KEY": "t", "N": "1"}),
        ),
        ({"type": "stdio", "command": "x", "autoApprove": [], "timeout": 5}, Entry("a", ("x",))),
        ({"url": "http://x/mcp"}, Entry("a", url="http://x/mcp")),
        (
            {"type": "http", "url": "${URL:-http://x}", "headers": {"A": "Bearer ${env:TOKEN}"}},
            Entry("a", url="http://x", headers=(("A", "Bearer t"),), transport=HTTP),
        ),
        (
            {"type": "sse", "url": "http://x/sse"},
            Entry("a", url="http://x/sse", transport=HttpTransport.SSE),
        ),
        ({"type": "streamableHttp", "url": "u"}, Entry("a", url="u", transport=HTTP)),
        ({"transport": "sse", "url": "u"}, Entry("a", url="u", transport=HttpTransport.SSE)),
    ],
)
@pytest.mark.parametrize("holder", ["mcpServers", "servers"])
def test_an_entry_is_read_as_clients_mean_it(
    tmp_path: Path, given: Any, entry: Entry, holder: str
) -> None:
    assert listed(tmp_path, {"a": given}, holder).entries == (entry,)


def test_a_folder_is_meant_from_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    [entry] = listed(tmp_path, {"a": {"command": "x", "cwd": "sub"}}).entries
    assert entry.directory == str(tmp_path / "sub")


def test_variables_of_environments_headers_and_urls_are_for_them_alone(tmp_path: Path) -> None:
    entries = {
        "a": {"command": "${BIN}", "args": ["${HOME}"], "env": {"KEY": "${TOKEN}"}},
        "b": {"url": "http://x/${PART:-}", "headers": {"Authorization": "${SECRET:-}"}},
    }
    assert listed(tmp_path, entries).variables == {"TOKEN", "PART", "SECRET"}


def test_disabled_entries_are_left_out_and_others_chosen_by_name(tmp_path: Path) -> None:
    x = {"command": "x"}
    found = listed(
        tmp_path, {"a": x, "b": {**x, "disabled": True}, "c": {**x, "enabled": False}, "d e/f": x}
    )
    assert [each.name for each in found.entries] == ["a", "d e/f"]
    assert [each.mount for each in found.entries] == ["/a", "/d%20e%2Ff"]
    assert [each.name for each in found.only("--only", ("d e/f",)).entries] == ["d e/f"]
    with pytest.raises(SettingsError, match="^--only: 'b' is not in .*mcp.json: use one of a, d e"):
        found.only("--only", ("b",))
    with pytest.raises(SettingsError, match="mcp.json: did you mean d e/f[?] use one of a, d e"):
        found.only("--only", ("d-e/f",))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "is no object"),
        ({}, "needs a command or a url, and not both: it has nothing"),
        ({"comand": "x"}, "needs a command or a url, and not both: it has 'comand'"),
        ({"command": "x", "url": "u"}, "needs a command or .*: it has 'command', 'url'"),
        ({"command": "x", "cmd": 1}, "'cmd' is not known: use one of command, args, env, cwd"),
        ({"command": "x", "envFile": ".env"}, "'envFile' is not known"),
        ({"command": "x", "headers": {}}, "'headers' is of no use beside 'command'"),
        ({"url": "u", "env": {}}, "'env' is of no use beside 'url'"),
        ({"command": ""}, "command is empty"),
        ({"command": ["x"]}, "command is no string"),
        ({"command": "x\0"}, "command is no string"),
        ({"command": "x", "args": "y"}, "args is no array of strings"),
        ({"command": "x", "args": [1]}, "args is no string"),
        ({"command": "x", "env": []}, "env is no object of strings"),
        ({"command": "x", "env": {"A": None}}, "env.A is no string"),
        ({"command": "x", "env": {"A": "${ABSENT}"}}, "env.A: the variable ABSENT is not set"),
        ({"command": "x", "cwd": "none"}, "cwd '.*none' is no folder that exists"),
        ({"command": "x", "args": ["${input:key}"]}, "args: .*is not known"),
        ({"command": "x", "type": "http"}, "type 'http' does not fit: use one of stdio"),
        ({"url": "u", "type": "stdio"}, "type 'stdio' does not fit: use one of http"),
        ({"url": "u", "type": 1}, "type 1 does not fit"),
    ],
)
def test_a_bad_entry_is_one_line_that_names_it(tmp_path: Path, given: Any, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"^--config .*mcp.json: 'a': {reason}") as raised:
        listed(tmp_path, {"good": {"command": "x"}, "a": given})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["", ".", "..", ".well-known", "a\0", "\udc80"])
def test_a_name_must_fit_into_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="the name cannot be part of a path"):
        listed(tmp_path, {name: {"command": "x"}})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", 'has no object "mcpServers"'),
        ('{"mcpServers": []}', 'has no object "mcpServers"'),
        ('{"mcpServers": {}}', "mcpServers names no server that is enabled"),
        ("[" * 100_000, "is not JSON"),
        ("\xff", "is not JSON"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingsError, match=f"^--config .*mcp.json: {reason}"):
        read("--config", str(path), {})


def test_comments_and_trailing_commas_are_read_as_editors_read_them(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes(
        b"\xef\xbb\xbf"
        b'{ // servers\n "mcpServers": {"a": {"url": "http://x//y", /* two\nlines */ }, }, }'
    )

    assert [each.url for each in read("--config", str(path), {}).entries] == ["http://x//y"]


def test_a_mistake_behind_comments_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("/* one\ntwo */\n// three\n{]")

    with pytest.raises(SettingsError, match="is not JSON: .* line 4 "):
        read("--config", str(path), {})
