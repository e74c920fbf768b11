"""The configuration of an MCP client becomes entries of `servers`, without its secrets."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.config import PASSWORD, parse
from stacks.mcp_json import Unreadable, imported, main, rendered
from tests.stacks.stack import GOOD_PASSWORD

TOKEN = "ghp_0123456789abcdef"
DOCKER = f"""{{
  // A comment, and "a string, in it".
  "mcpServers": {{
    "GitHub (work)": {{
      "command": "docker",
      "args": ["run", "-i", "--rm", "-e", "GITHUB_TOKEN", "-e", "LEVEL=debug",
               "ghcr.io/github/s:1.2", "stdio"],
      "env": {{"GITHUB_TOKEN": "{TOKEN}", "HOST": "//example.org,]"}},
    }},
  }},
}}"""
NPX = """{"servers": {"everything": {"type": "stdio", "command": "npx",
  "args": ["-y", "@modelcontextprotocol/server-everything@1.0.0"], "env": {"A": "${input:a}"}}}}"""
REMOTE = """{"mcpServers": {"remote": {"url": "https://example.org/mcp",
  "headers": {"Authorization": "Bearer SECRET", "X-Team": "blue"}},
  "events": {"type": "sse", "url": "https://example.org/events"}}}"""
ZED = """{"context_servers": {"z": {"command":
  {"path": "uvx", "args": ["mcp-server-time"], "env": {}}}}}"""


def entries(text: str) -> list[dict[str, Any]]:
    return [each.entry for each in imported(text)]


def test_a_docker_command_runs_the_same_image_by_toolhive() -> None:
    [found] = imported(DOCKER)
    assert found.entry == {
        "name": "github-work",
        "runtime": "toolhive",
        "transport": "stdio",
        "image": "ghcr.io/github/s:1.2",
        "args": ["stdio"],
        "env": {"LEVEL": "debug", "HOST": "//example.org,]"},
    }
    assert found.secrets == ["secrets.GITHUB_TOKEN"]


def test_another_command_is_a_child_of_the_proxy_in_an_image_to_build() -> None:
    [found] = imported(NPX)
    assert (found.entry["transport"], found.entry["command"][0]) == ("stdio", "npx")
    assert found.secrets == ["secrets.A"]
    assert "FROM the proxy's image" in found.remarks[0]
    assert entries(ZED)[0]["command"] == ["uvx", "mcp-server-time"]


def test_a_url_is_a_remote_server_whose_secret_headers_are_left_out() -> None:
    remote, events = imported(REMOTE)
    assert remote.entry == {
        "name": "remote",
        "runtime": "proxy",
        "url": "https://example.org/mcp",
        "headers": {"X-Team": "blue"},
    }
    assert remote.secrets == ["headers.Authorization"]
    assert (events.entry["transport"], events.entry["runtime"]) == ("sse", "proxy")


@pytest.mark.parametrize("text", [DOCKER, NPX, ZED])
def test_what_is_printed_is_a_configuration_that_the_stack_takes(text: str) -> None:
    printed = rendered(imported(text))
    assert TOKEN not in printed
    servers = yaml.safe_load(printed)["mcp-observability:servers"]
    names = [each.name for each in parse({PASSWORD: GOOD_PASSWORD, "servers": servers}).servers]
    assert names == [each["name"] for each in servers]


def test_the_commands_that_set_the_secrets_name_the_entry() -> None:
    assert rendered(imported(DOCKER)).splitlines()[-1] == (
        "# pulumi config set --secret --path 'mcp-observability:servers[0].secrets.GITHUB_TOKEN'"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "not JSON"), ("[]", "no servers"), ('{"mcpServers": {"a": 1}}', "no servers")],
)
def test_a_file_that_is_no_client_configuration_is_one_line(
    text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unreadable, match=reason):
        imported(text)
    (tmp_path / "mcp.json").write_text(text)
    assert main([str(tmp_path / "mcp.json")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "(make: FROM=)" in error


def test_a_missing_file_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([""]) == 2
    error = capsys.readouterr().err
    assert error == "servers (make: FROM=): no file is given: a client's mcp.json\n"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:1", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:80", "::1"),
        ("0.0.0.0:8000", "0.0.0.0"),
    ],
)
def test_a_url_of_this_machine_is_left_out_in_one_line(
    host: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mcp.json"
    local = {"url": f"http://{host}/mcp?key={TOKEN}"}
    path.write_text(json.dumps({"mcpServers": {"here": local, "there": {"url": "https://a/"}}}))
    assert main([str(path)]) == 0
    printed = capsys.readouterr()
    [left] = yaml.safe_load(printed.out)["mcp-observability:servers"]
    assert left["name"] == "there"
    assert printed.err == (
        f"servers (make: FROM=): {path}: here is left out:"
        f" its url names this machine ({name}), which no pod can reach\n"
    )
    path.write_text(json.dumps({"mcpServers": {"here": local}}))
    assert main([str(path)]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
