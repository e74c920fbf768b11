"""Servers that their owners install from npm and PyPI, as they are, behind one proxy."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client

from tests import npm
from tests.integration.proxies import RunningProxy, eventually, running

pytestmark = pytest.mark.slow

OUTCOMES = "mcp_proxy_outcomes_total"
BIN = Path(sys.executable).parent
PAGE = b"<html><body><p>fetched through the proxy</p></body></html>"

CALLS: dict[str, tuple[str, dict[str, Any], str]] = {
    "everything": ("echo", {"message": "hello"}, "hello"),
    "filesystem": ("read_text_file", {"path": "notes.txt"}, "written before"),
    "memory": ("read_graph", {}, "entities"),
    "fetch": ("fetch", {"url": "URL"}, "fetched through the proxy"),
    "git": ("git_log", {"repo_path": "FOLDER"}, "First commit"),
    "time": ("get_current_time", {"timezone": "UTC"}, "UTC"),
}
"""A tool of each server, its arguments, and what its result contains."""


def node(package: str, *arguments: str) -> dict[str, Any]:
    home = npm.installed("servers", os.environ) / "node_modules" / "@modelcontextprotocol" / package
    program = json.loads((home / "package.json").read_text())["bin"]
    [script] = program.values()
    return {"command": str(npm.NODE), "args": [str(home / script), *arguments]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Git repository with one commit of one file."""
    made = tmp_path_factory.mktemp("owner")
    (made / "notes.txt").write_text("written before")
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "First commit")):
        subprocess.run(("git", *words), cwd=made, check=True)
    return made


@pytest.fixture(scope="module")
def proxy(folder: Path) -> Iterator[RunningProxy]:
    servers = {
        "everything": node("server-everything"),
        "filesystem": {**node("server-filesystem", str(folder)), "cwd": str(folder)},
        "memory": {**node("server-memory"), "env": {"MEMORY_FILE_PATH": str(folder / "memory")}},
        "fetch": {
            "command": str(BIN / "mcp-server-fetch"),
            "args": ["--ignore-robots-txt", "--allow-private-ips"],
        },
        "git": {"command": str(BIN / "mcp-server-git"), "args": ["--repository", str(folder)]},
        "time": {"command": str(BIN / "mcp-server-time")},
    }
    config = folder / "mcp.json"
    config.write_text(json.dumps({"mcpServers": servers}))
    with running("--config", str(config)) as each:
        yield each


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """The URL of a web page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("name", CALLS)
def test_a_server_from_a_registry_lists_and_runs_its_tools(
    proxy: RunningProxy, folder: Path, page: str, name: str
) -> None:
    tool, arguments, expected = CALLS[name]
    given = {"URL": page, "FOLDER": str(folder)}
    arguments = {key: given.get(each, each) for key, each in arguments.items()}

    async def called() -> tuple[set[str], Any]:
        async with Client(f"http://{proxy.mcp}/{name}/mcp") as client:
            tools = await client.list_tools()
            return {each.name for each in tools.tools}, await client.call_tool(tool, arguments)

    tools, result = asyncio.run(called())

    assert tool in tools
    assert not result.is_error, result
    assert expected in result.content[0].text
    labels = {"server": name, "mcp_method": "tools/call", "outcome": "ok"}
    eventually(lambda: proxy.value(OUTCOMES, **labels) == 1, "the call to be counted")
