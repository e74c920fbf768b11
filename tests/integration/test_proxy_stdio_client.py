"""One client on the proxy's own stdin and stdout: both eras, whatever the server speaks."""

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import meta, request
from tests.integration.proxies import (
    DEADLINE_SECONDS,
    RunningProxy,
    environment,
    eventually,
    running,
)
from tests.integration.sockets import INITIALIZE, call
from tests.integration.test_proxy_stdio import SERVER, gone

pytestmark = pytest.mark.slow

Json = dict[str, Any]

CALL = "tools/call"
INITIALIZED = {"jsonrpc": "2.0", "method": methods.INITIALIZED}
OPENED = ("initialize", "ok", "none")
SERVERS = ("stdio", "streamable-http", "sse")


class StdioClient:
    """Who started the proxy; what it writes to stdout is read at once, unless `reads` is False."""

    def __init__(self, proxy: RunningProxy, *, reads: bool = True) -> None:
        self.proxy = proxy
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        if reads:
            self.read()

    def read(self) -> None:
        """Begin to read."""
        self._reader.start()

    def send(self, *messages: Any) -> None:
        """Write messages, or text as it is, at once."""
        lines = (each if isinstance(each, str) else json.dumps(each) for each in messages)
        stdin = self.proxy.process.stdin
        assert stdin is not None
        stdin.write("".join(f"{each}\n" for each in lines))
        stdin.flush()

    def receive(self) -> Json:
        """The next message."""
        message: Json = json.loads(self._lines.get(timeout=DEADLINE_SECONDS))
        return message

    def ask(self, *messages: Any) -> Json:
        """Send messages, and wait for one."""
        self.send(*messages)
        return self.receive()

    def open(self) -> Json:
        """Open a session: the server's answer."""
        answer = self.ask(INITIALIZE)
        self.send(INITIALIZED)
        return answer

    def call(self, tool: str, request_id: int | str = 1, **params: Any) -> Json:
        """Call a tool in a session."""
        return self.ask(call(request_id, tool, **params))

    def end(self) -> list[Json]:
        """Close stdin: what still came until the proxy ended, which it must do as it should."""
        assert self.proxy.process.stdin is not None
        self.proxy.process.stdin.close()
        assert self.proxy.ended() == 0
        self._reader.join(DEADLINE_SECONDS)
        return [json.loads(self._lines.get_nowait()) for _ in range(self._lines.qsize())]

    def _read(self) -> None:
        assert self.proxy.process.stdout is not None
        for line in self.proxy.process.stdout:
            self._lines.put(line)


@contextmanager
def before(server: str, *flags: str, era: str = "") -> Iterator[RunningProxy]:
    """A proxy with one client on stdio before the scripted server; by HTTP, another is between."""
    command = (*SERVER, era) if era else SERVER
    if server == "stdio":
        with running("--stdio", *flags, "--", *command) as proxy:
            yield proxy
        return
    path = {"streamable-http": "mcp", "sse": "sse"}[server]
    with running("--", *command) as between:
        upstream = ("--upstream", f"http://{between.mcp}/{path}", "--upstream-transport", server)
        with running("--stdio", *flags, *upstream) as proxy:
            yield proxy


@pytest.fixture
def client() -> Iterator[StdioClient]:
    with before("stdio") as proxy:
        yield StdioClient(proxy)


@pytest.mark.parametrize("server", SERVERS)
def test_a_client_with_a_session_is_served_until_it_closes_stdin(server: str) -> None:
    with before(server) as proxy:
        client = StdioClient(proxy)
        assert client.open()["result"]["protocolVersion"] == "2025-06-18"
        assert client.call("echo", "x")["result"]["received"] == {"name": "echo"}
        client.send(call(2, "progress", _meta={"progressToken": "t"}))
        assert client.receive()["params"] == {"progressToken": "t", "progress": 1}
        assert client.receive()["id"] == 2
        assert client.call("unknown", 3)["error"]["code"] == -32602
        client.send(call(4, "ask"))
        question = client.receive()
        assert question["method"] == "roots/list"
        answer = client.ask({"jsonrpc": "2.0", "id": question["id"], "result": {"roots": []}})
        assert answer["result"]["roots"] == {"roots": []}
        assert client.call("spontaneous", 5)["id"] == 5
        assert client.receive()["method"] == "notifications/tools/list_changed"
        proxy.counted({OPENED: 1, (CALL, "ok", "none"): 4, (CALL, "protocol_error", "caller"): 1})
        assert proxy.value("mcp_proxy_sessions") == 1
        assert proxy.value("toolhive_mcp_active_connections") == 1
        assert client.end() == []
        assert [each["level"] for each in proxy.log if each["level"] == "error"] == []
        assert proxy.log[-1]["event"] == "stopped"


@pytest.mark.parametrize(
    ("server", "era"),
    # HTTP+SSE is a transport of revisions with sessions.
    [*((each, "legacy") for each in SERVERS), ("stdio", "modern"), ("streamable-http", "modern")],
)
def test_a_client_of_2026_07_28_is_served_request_by_request(server: str, era: str) -> None:
    with before(server, era=era) as proxy:
        client = StdioClient(proxy)
        found = client.ask(request(methods.DISCOVER))["result"]
        assert "2026-07-28" in found["supportedVersions"]
        answer = client.ask(request(CALL, "x", name="echo"))
        assert (answer["id"], answer["result"]["received"]["name"]) == ("x", "echo")
        roots = meta({"roots": {}})
        asked = client.ask(request(CALL, 2, name="ask", _meta=roots))["result"]
        assert asked["resultType"] == "input_required"
        given: Json = {each: {"roots": []} for each in asked["inputRequests"]}
        state: Json = {"requestState": asked["requestState"], "inputResponses": given}
        answer = client.ask(request(CALL, 3, name="ask", _meta=roots, **state))
        assert (answer["id"], answer["result"]["roots"]) == (3, {"roots": []})
        wanted = {"notifications": {"toolsListChanged": True}}
        assert client.ask(request(methods.LISTEN, "l", **wanted))["method"] == methods.ACKNOWLEDGED
        client.send(request(CALL, 4, name="spontaneous"))
        came = [client.receive(), client.receive()]
        assert {each.get("method", each.get("id")) for each in came} == {
            "notifications/tools/list_changed",
            4,
        }
        client.send(request(CALL, "h", name="hang"))
        eventually(lambda: proxy.value("mcp_proxy_requests_in_flight") == 1, "the call in flight")
        client.send({"jsonrpc": "2.0", "method": methods.CANCELLED, "params": {"requestId": "h"}})
        eventually(lambda: (CALL, "cancelled", "caller") in proxy.outcomes(), "the cancel")
        client.end()


def test_a_server_that_cannot_be_reached_is_an_error_for_each_call() -> None:
    with running("--stdio", "--upstream", "http://127.0.0.1:9/mcp") as proxy:
        client = StdioClient(proxy)
        for message in (INITIALIZE, call("x"), request(CALL, "m", name="echo")):
            answer = client.ask(message)
            assert (answer["id"], answer["error"]["code"]) == (message["id"], -32000)
            assert "127.0.0.1:9" in answer["error"]["message"]
        assert client.end() == []


def test_calls_in_flight_are_answered_after_the_end_of_stdin(client: StdioClient) -> None:
    client.send(INITIALIZE, INITIALIZED, *(call(each) for each in range(1, 20)))
    assert [each["id"] for each in client.end()] == list(range(20))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_proxy_and_its_processes(
    client: StdioClient, number: signal.Signals
) -> None:
    pid = client.open()["result"]["pid"]
    client.send(call(1, "hang"))
    eventually(lambda: client.proxy.value("mcp_proxy_requests_in_flight") == 1, "the call")
    client.proxy.process.send_signal(number)
    eventually(lambda: client.proxy.logged("draining"), "the drain")
    client.proxy.process.send_signal(number)
    assert client.proxy.ended() == 0
    assert gone(pid)


def test_the_end_of_stdin_and_a_signal_end_the_proxy_in_mid_call(client: StdioClient) -> None:
    pid = client.open()["result"]["pid"]
    client.send(call(1, "hang"))
    assert client.proxy.process.stdin is not None
    client.proxy.process.stdin.close()
    eventually(lambda: client.proxy.logged("draining"), "the drain")
    client.proxy.process.terminate()
    assert client.proxy.ended() == 0
    assert gone(pid)


def test_a_client_that_is_killed_takes_the_proxy_along() -> None:
    with before("stdio") as proxy:
        client = StdioClient(proxy, reads=False)
        client.send(INITIALIZE)
        eventually(lambda: proxy.outcomes() == {OPENED: 1}, "the session")
        family = psutil.Process(proxy.process.pid).children(recursive=True)
        assert proxy.process.stdout is not None
        proxy.process.stdout.close()
        client.send(call(1))
        assert proxy.ended() == 0
        assert all(gone(each.pid) for each in family)


def test_what_is_no_message_is_refused_and_the_next_one_served(client: StdioClient) -> None:
    client.open()
    refused = client.ask("nonsense")
    assert (refused["id"], refused["error"]["code"]) == (None, -32700)
    client.send("", "  \r")
    assert client.call("echo", 1)["id"] == 1


def test_a_message_that_is_too_long_is_refused_and_the_next_one_served() -> None:
    with before("stdio", "--body-limit", "1000") as proxy:
        client = StdioClient(proxy)
        client.open()
        refused = client.ask(call(1, "echo", text="x" * 300_000))
        assert (refused["id"], refused["error"]["code"]) == (None, -32600)
        assert client.call("echo", 2)["id"] == 2
        assert proxy.value("mcp_proxy_refusals_total", reason="body_size") == 1


def test_a_call_is_cancelled_by_its_client(client: StdioClient) -> None:
    client.open()
    cancel = {"jsonrpc": "2.0", "method": methods.CANCELLED, "params": {"requestId": 9}}
    client.send(call(9, "hang"), cancel)
    assert client.call("echo", 1)["id"] == 1
    cancelled = (CALL, "cancelled", "caller")
    client.proxy.counted({OPENED: 1, (CALL, "ok", "none"): 1, cancelled: 1})


@pytest.mark.parametrize("server", SERVERS)
def test_a_session_that_is_lost_is_opened_anew_for_the_next_message(server: str) -> None:
    with before(server) as proxy:
        client = StdioClient(proxy)
        pid = client.open()["result"]["pid"]
        lost = client.call("die", "d")
        assert (lost["id"], lost["error"]["code"]) == ("d", -32000)
        if server == "streamable-http":  # says by 404 to the next message that the session is over
            assert client.call("echo", 1)["error"]["code"] == -32000
        # An HTTP+SSE server says so by the end of its stream, perhaps after the next message.
        again = eventually(lambda: client.call("told", 2).get("result"), "a new session")
        assert again["pid"] != pid
        assert [each["method"] for each in again["heard"]] == [methods.INITIALIZED]
        assert len(eventually(lambda: proxy.logged("session opened anew"), "the log")) == 1
        assert client.end() == []


def test_a_session_that_cannot_be_opened_anew_is_told_and_tried_again(tmp_path: Path) -> None:
    command = tmp_path / "server"
    command.symlink_to(sys.executable)
    with running("--stdio", "--", str(command), *SERVER[1:]) as proxy:
        client = StdioClient(proxy)
        client.open()
        command.unlink()
        assert client.call("die", 1)["id"] == 1
        refused = client.call("echo", 2)
        assert refused["id"] == 2
        assert "cannot be opened anew: cannot start" in refused["error"]["message"]
        command.symlink_to(sys.executable)
        assert client.call("echo", 3)["result"]["received"] == {"name": "echo"}


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_a_client_that_does_not_read_holds_up_the_server_and_loses_nothing(era: str) -> None:
    size, count = 1_000_000, 24
    with before("stdio", era=era) as proxy:
        client = StdioClient(proxy, reads=False)
        arguments = {"bytes": size}
        if era == "legacy":
            calls = (call(each, "huge", arguments=arguments) for each in range(1, count + 1))
            client.send(INITIALIZE, INITIALIZED, *calls)
        else:
            ids = range(1, count + 1)
            client.send(*(request(CALL, each, name="huge", arguments=arguments) for each in ids))
        [supervisor] = eventually(psutil.Process(proxy.process.pid).children, "the supervisor")
        [server] = eventually(supervisor.children, "the server's process")
        written = [-1]

        def held_back() -> bool:
            written.append(server.io_counters().write_chars)
            return len(written) > 50 and written[-50] == written[-1] > 0

        eventually(held_back, "the server to be held back")
        assert written[-1] < size * count / 2
        client.read()
        answered = {client.receive()["id"] for _ in range(count + (era == "legacy"))}
        assert answered >= {*range(1, count + 1)}
        client.end()


def test_stdin_and_stdout_may_be_files(tmp_path: Path) -> None:
    said, told = tmp_path / "in", tmp_path / "out"
    lines = (json.dumps(each) for each in (INITIALIZE, INITIALIZED, call(1), call(2)))
    said.write_text("\n".join(lines))
    with said.open() as stdin, told.open("w") as stdout:
        ended = subprocess.run(
            (sys.executable, "-m", "proxy", "--stdio", "--", *SERVER),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=DEADLINE_SECONDS,
            check=True,
        )
    assert [json.loads(line)["id"] for line in told.read_text().splitlines()] == [0, 1, 2]
    assert all(json.loads(line)["event"] for line in ended.stderr.splitlines())
