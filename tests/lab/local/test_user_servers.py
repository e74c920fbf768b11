"""The servers of a client's configuration are taken over by name, or refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.arguments import UsageError
from lab.local.user_servers import UserServers, user_servers

SERVER = {"command": "true"}
URL = {"url": "http://127.0.0.1:1/mcp"}
SSE = {**URL, "type": "sse"}


def read(folder: Path, servers: dict[str, Any]) -> UserServers:
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    return user_servers("--servers", str(path), {}, ["echo-http"])


def test_enabled_servers_are_found_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"b": URL, "My Server/1": SERVER, "a": SSE, "c": {**SERVER, "disabled": True}}
    )

    transports = {"b": "streamable-http", "My Server/1": "stdio", "a": "sse"}
    assert found == UserServers(str(tmp_path / "mcp.json"), transports)
    assert found.names == ("b", "My Server/1", "a")
    assert found.process_name("My Server/1") == "proxy-2-My-Server-1"


@pytest.mark.parametrize(
    ("servers", "reason"),
    [
        ({"echo-http": SERVER}, "'echo-http' is a server of the demo; rename it"),
        ({"a,b": SERVER}, "'a,b': a name with a comma, a backtick or a space at an end"),
        ({"a ": SERVER}, "'a ': a name with a comma, a backtick or a space at an end"),
        ({"a`b": SERVER}, "'a`b': a name with a comma, a backtick or a space at an end"),
        ({"a": {}}, "needs a command or a url"),
        ({"a": {"url": "htp://x"}}, "'a': url is not allowed: use an http or https URL"),
        ({"a": {"command": "absent"}}, "'a': command: 'absent' is not an executable file"),
        ({}, "names no server that is enabled"),
    ],
)
def test_an_unusable_file_is_refused_in_one_line(
    tmp_path: Path, servers: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, servers)

    assert str(refused.value).startswith(f"--servers {tmp_path / 'mcp.json'}: ")
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
