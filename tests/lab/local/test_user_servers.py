"""The servers of a client's configuration are taken over by name, or refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.arguments import UsageError
from lab.local.user_servers import UserServers, user_servers

SERVER = {"command": "true"}


def read(folder: Path, servers: dict[str, Any]) -> UserServers:
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    return user_servers("--servers", str(path), {}, ["echo-http"])


def test_enabled_servers_are_found_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, {"b": SERVER, "My Server/1": SERVER, "c": {**SERVER, "disabled": True}})

    assert found == UserServers(str(tmp_path / "mcp.json"), ("b", "My Server/1"))
    assert found.process_name("My Server/1") == "proxy-2-My-Server-1"


@pytest.mark.parametrize(
    ("servers", "reason"),
    [
        ({"echo-http": SERVER}, "'echo-http' is a server of the demo; rename it"),
        ({"a,b": SERVER}, "'a,b': a name with a comma or a space at an end"),
        ({"a ": SERVER}, "'a ': a name with a comma or a space at an end"),
        ({"a": {}}, "needs a command or a url"),
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
