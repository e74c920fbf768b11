"""Several servers of one file in one process, each at its own paths and under its own name."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import INITIALIZE, Client, Upstream, call, result
from tests.integration.sse import SseClient
from tests.integration.stdio_session import SERVER, gone
from tests.integration.test_service import run

pytestmark = pytest.mark.slow

CALL = "tools/call"
OUTCOMES = "mcp_proxy_outcomes_total"


def scripted(**more: Any) -> dict[str, Any]:
    """The entry of the scripted stdio server."""
    return {"command": SERVER[0], "args": [*SERVER[1:]], **more}


def written(tmp_path: Path, **servers: Any) -> str:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    return str(path)


class MountedClient(Client):
    """A client of the server at a mount."""

    def __init__(self, proxy: RunningProxy, mount: str) -> None:
        super().__init__(proxy.port)
        self._path = f"/{mount}/mcp"

    def post(self, message: Any, **headers: str) -> None:
        """Send one message to the server's own path."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.request("POST", self._path, json.dumps(message).encode(), named)


def test_each_server_is_at_its_own_paths_and_has_its_own_series(
    tmp_path: Path, upstream: Upstream
) -> None:
    config = written(
        tmp_path,
        one=scripted(env={"NAME": "Ada"}, cwd="."),
        two=scripted(),
        web={"url": upstream.url, "headers": {"X-Key": "${KEY}", "Accept": "*/*"}},
        off={"command": "/no/such", "disabled": True},
    )
    with running("--config", config, KEY="secret") as proxy:
        pids = set()
        for mount in ("one", "two"):
            client = MountedClient(proxy, mount)
            client.post(INITIALIZE)
            response = client.getresponse()
            session = response.getheader("mcp-session-id") or ""
            pids.add(json.loads(response.read())["result"]["pid"])
            client.post(call(1), mcp_session_id=session)
            assert client.answer()[0] == 200
            stranger = MountedClient(proxy, {"one": "two", "two": "one"}[mount])
            stranger.post(call(1), mcp_session_id=session)
            assert stranger.answer()[0] == 404
            for each in (client, stranger):
                each.close()
        client = MountedClient(proxy, "web")
        client.post(call(7), mcp_session_id="s")
        side = upstream.accept()
        head, _ = side.request()
        assert head.startswith("POST /mcp HTTP/1.1\r\n")
        assert "\r\nX-Key: secret\r\n" in head
        side.answer(json.dumps(result(7)).encode())
        assert client.answer() == (200, result(7))
        client.close()
        for server, transport in (("one", "stdio"), ("two", "stdio"), ("web", "streamable-http")):
            ok = {"server": server, "transport": transport, "outcome": "ok", "mcp_method": CALL}
            assert proxy.value(OUTCOMES, **ok) == 1
            assert proxy.value("process_cpu_seconds_total", server=server) > 0
        assert proxy.value(OUTCOMES, mcp_method=CALL, outcome="ok") == 3
        assert len(pids) == 2
        proxy.process.terminate()
        assert proxy.ended() == 0
        assert all(map(gone, pids))


def test_clients_of_http_sse_find_each_server_too(tmp_path: Path) -> None:
    with running("--config", written(tmp_path, one=scripted(), two=scripted())) as proxy:
        clients = [SseClient(proxy.port, f"/{each}/sse") for each in ("one", "two")]
        for client in clients:
            assert client.initialize()["id"] == 0
            client.post(call(1))
            assert client.message()["id"] == 1
            client.close()
        eventually(lambda: proxy.value("mcp_proxy_sessions") == 0, "the end of the sessions")
        for server in ("one", "two"):
            assert proxy.value(OUTCOMES, server=server, mcp_method=CALL, outcome="ok") == 1


def test_a_server_that_is_away_takes_nothing_from_the_others(tmp_path: Path) -> None:
    config = written(tmp_path, good=scripted(), away={"url": "http://127.0.0.1:9/mcp"})
    with running("--probe-interval", "0.1", "--config", config) as proxy:
        (answer,) = eventually(lambda: proxy.logged("upstream unreachable"), "its loss in the log")
        assert answer["upstream"] == "http://127.0.0.1:9/mcp"
        eventually(lambda: proxy.logged("upstream reachable"), "the other in the log")
        ready = proxy.get("/readyz")
        assert (ready.status_code, ready.text.splitlines()) == (
            200,
            ["good ready", "away the upstream cannot be reached"],
        )
        assert proxy.value("mcp_proxy_upstream_up", server="away") == 0
        assert proxy.value("mcp_proxy_upstream_up", server="good") == 1
        client = MountedClient(proxy, "good")
        client.post(INITIALIZE)
        assert client.answer()[0] == 200
        client.close()
        lost = Client(proxy.port)
        lost.post(call(1))
        response = lost.getresponse()
        assert (response.status, response.read()) == (
            404,
            b"nothing is at '/mcp': MCP is at /good/mcp, /away/mcp\n",
        )
        lost.close()
        assert proxy.value("mcp_proxy_refusals_total") == 0


def test_a_server_gets_the_secrets_of_its_own_entry_only(tmp_path: Path) -> None:
    spy = f"import os, json; os.environ['SEEN'] = json.dumps(sorted(os.environ)); {BECOME}"
    config = written(
        tmp_path,
        has={"command": sys.executable, "args": ["-c", spy], "env": {"KEY": "${TOKEN}"}},
        has_not={"command": sys.executable, "args": ["-c", spy]},
    )
    with running("--config", config, TOKEN="canary", PLAIN="1") as proxy:
        seen = {}
        for mount in ("has", "has_not"):
            client = MountedClient(proxy, mount)
            client.post(INITIALIZE)
            seen[mount] = {*client.answer()[1]["result"]["seen"]}
            client.close()
        assert "KEY" in seen["has"]
        assert seen["has"] - {"KEY"} == seen["has_not"]
        assert "PLAIN" in seen["has_not"]
        assert "TOKEN" not in seen["has_not"]
        environ = Path(f"/proc/{proxy.process.pid}/environ").read_bytes()
        assert b"canary" not in environ


BECOME = """
import sys
for line in sys.stdin:
    message = json.loads(line)
    result = {"seen": json.loads(os.environ["SEEN"])}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


def test_one_server_of_the_file_is_served_on_stdio(tmp_path: Path) -> None:
    config = written(tmp_path, one=scripted(), two=scripted())
    with running("--stdio", "--config", config, "--only", "two") as proxy:
        assert proxy.process.stdin is not None
        assert proxy.process.stdout is not None
        proxy.process.stdin.write(json.dumps(INITIALIZE) + "\n")
        proxy.process.stdin.flush()
        assert json.loads(proxy.process.stdout.readline())["id"] == 0
        assert proxy.value(OUTCOMES, server="two", outcome="ok") == 1
        proxy.process.stdin.close()
        assert proxy.ended() == 0


def test_mistakes_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    config = written(
        tmp_path,
        a=scripted(),
        b={"command": "/no/such"},
        c={"url": "ftp://x"},
        d={"url": "http://x", "headers": {"Host": "y"}},
    )
    for arguments, answer in (
        (("--config", config), "'b': command: '/no/such' is not an executable file"),
        (("--config", config, "--only", "c"), "'c': url is not allowed: use an http or https URL"),
        (("--config", config, "--only", "d"), "'d': headers: 'Host' is not allowed: Host is set"),
        (("--config", config, "--only", "x"), "--only: 'x' is not in"),
        (("--config", config, "--only", "a,b", "--stdio"), "--stdio serves one server"),
        (("--config", "/no/such"), "--config: '/no/such' is not allowed: use a file that exists"),
        (("--config", config, "--", "true"), "--config and --command are both given"),
        (("--config", config, "--server-name", "x"), "--config and --server-name are both given"),
        (("--only", "a", "--", "true"), "--only is of no use without --config"),
    ):
        ended = run(*arguments)
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
        assert answer in ended.stderr
