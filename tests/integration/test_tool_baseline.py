"""Tools are approved from a command, a URL or a client's file, and compared after a restart."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.telemetry.catalogue import TOOL_BASELINE_DIFFERENCES, ToolChange
from tests.integration.modern import ModernClient, request
from tests.integration.pairs import ECHO_SERVER, SDK_SERVER
from tests.integration.proxies import environment, running
from tests.integration.serving import serving
from tests.integration.stdio_proxy import ROOT

pytestmark = pytest.mark.slow

SERIES = TOOL_BASELINE_DIFFERENCES.series


def approve(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (sys.executable, "-m", "proxy.tools", "approve", *arguments),
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def differences(*arguments: str) -> float:
    """How many a new proxy counts once a client got the list."""
    with running(*arguments) as proxy:
        assert proxy.value(SERIES) == 0
        client = ModernClient(proxy.port)
        assert client.ask(request("tools/list"))[0] == 200
        client.close()
        assert proxy.get("/metrics").text.count(f"{SERIES}{{") == len(ToolChange)
        logged = proxy.logged("tool differs from the approved one")
        found = proxy.value(SERIES)
        assert len(logged) == found
        return found


def test_tools_approved_from_a_command_are_compared_by_each_new_proxy(tmp_path: Path) -> None:
    path = str(tmp_path / "baseline.json")
    done = approve(path, "--server-name", "sdk", "--", *SDK_SERVER, "stdio")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"sdk: 8 tools approved in {path}\n"
    before = ("--tool-baseline", path, "--", *SDK_SERVER, "stdio")
    assert differences(*before) == 0
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    tools = content["servers"]["sdk"]
    tools["echo"]["description"] = "Something else."
    tools["fail"]["inputSchema"]["properties"]["more"] = {"type": "string"}
    tools["gone"] = tools.pop("die")
    Path(path).write_text(json.dumps(content), encoding="utf-8")
    for _ in range(2):
        assert differences(*before) >= 3


@pytest.mark.parametrize("transport", ["streamable-http", "sse"])
def test_tools_are_approved_from_a_server_and_from_a_proxy_before_it(
    tmp_path: Path, transport: str
) -> None:
    paths = [tmp_path / "server.json", tmp_path / "proxy.json"]
    with serving(*SDK_SERVER, transport) as address:
        url = f"http://{address}{'/sse' if transport == 'sse' else '/mcp'}"
        with running("--upstream", url) as proxy:
            for path, upstream in zip(paths, (url, proxy.url), strict=True):
                done = approve(str(path), "--upstream", upstream)
                assert (done.returncode, done.stderr) == (0, "")
    server, through = (path.read_text(encoding="utf-8") for path in paths)
    assert server == through
    assert len(json.loads(server)["servers"]["mcp-server"]) == 8


def test_servers_of_a_clients_file_have_a_list_each(tmp_path: Path) -> None:
    entry = {"command": ECHO_SERVER[0], "args": [*ECHO_SERVER[1:], "stdio"]}
    mcp = tmp_path / "mcp.json"
    mcp.write_text(json.dumps({"mcpServers": {"one": entry, "two": entry}}), encoding="utf-8")
    path = tmp_path / "baseline.json"
    done = approve(str(path), "--config", str(mcp))
    assert (done.returncode, done.stderr) == (0, "")
    servers = json.loads(path.read_text(encoding="utf-8"))["servers"]
    assert servers.keys() == {"one", "two"}
    before = path.read_text(encoding="utf-8")
    assert approve(str(path), "--config", str(mcp), "--only", "two").returncode == 0
    assert path.read_text(encoding="utf-8") == before
    with running("--config", str(mcp), "--tool-baseline", str(path)) as proxy:
        client = ModernClient(proxy.port, "/two/mcp")
        assert client.ask(request("tools/list"))[0] == 200
        client.close()
        assert proxy.get("/metrics").text.count(f"{SERIES}{{") == len(ToolChange)
        assert proxy.value(SERIES) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--", "no-such-command"), "'no-such-command' is not an executable file"),
        (("--", "false"), "mcp-server: initialize failed: the server's process ended"),
        (("--upstream", "http://127.0.0.1:1/mcp"), "Connection refused"),
        (("--upstream", "nonsense"), "use an http or https URL"),
        (("--no-such-option",), "no such option"),
        ((), "no MCP server is given"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_cannot_be_approved_is_one_line_and_leaves_the_file_as_it_was(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    path = tmp_path / "baseline.json"
    done = approve(str(path), *arguments)
    assert done.returncode == 2
    assert reason in done.stderr
    assert (done.stderr.count("\n"), done.stdout) == (1, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            r""""error":{"code":1,"message":"a\nproxy.tools: \u001b[31mb"}""",
            r"a\nproxy.tools: \x1b[31m",
        ),
        (r""""error":{"code":1,"message":"\ud800"}""", "the answer to initialize cannot be read"),
    ],
    ids=("control characters", "half of a surrogate pair"),
)
def test_a_servers_error_is_one_printable_line(tmp_path: Path, answer: str, reason: str) -> None:
    script = 'read line; printf "%s\\n" "$0"; cat >/dev/null'
    message = f'{{"jsonrpc":"2.0","id":1,{answer}}}'
    done = approve(str(tmp_path / "baseline.json"), "--", "sh", "-c", script, message)
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_holds_something_else_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine", encoding="utf-8")
    done = approve(str(path), "--", *ECHO_SERVER, "stdio")
    assert (done.returncode, path.read_text(encoding="utf-8")) == (2, "mine")


def test_a_proxy_with_a_baseline_that_cannot_be_read_does_not_start(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text("{}", encoding="utf-8")
    done = subprocess.run(
        (sys.executable, "-m", "proxy", "--tool-baseline", str(path), "--", *ECHO_SERVER, "stdio"),
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"proxy: --tool-baseline {path}: is no list of tools")
    assert done.stderr.count("\n") == 1
