"""Faults that a proxy injects: what clients get and what counts, before each kind of server."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from proxy.faults import names
from proxy.faults.effects import TEXT
from proxy.faults.injections import Faults, Injection
from proxy.telemetry.vocabulary import ErrorType
from tests.integration.proxies import RunningProxy, eventually
from tests.integration.sessions import CLIENTS, SERVERS, before
from tests.integration.sockets import Client, call
from tests.integration.sse import SseClient
from tests.waiting import until

pytestmark = pytest.mark.slow

NAME = "mine"
CALL = "tools/call"
OVER_HTTP = [each for each in SERVERS if "stdio" not in each]
WITH_STREAMS = ("stdio", "shared stdio", "modern stdio", "HTTP+SSE")
"""Servers whose answers all come on one stream: what is not JSON answers no call there."""


class Faulty:
    """A proxy that reads a file of faults."""

    def __init__(self, proxy: RunningProxy, path: Path) -> None:
        self.proxy = proxy
        self.path = path

    def write(self, content: bytes) -> None:
        aside = self.path.with_name("aside")
        aside.write_bytes(content)
        aside.replace(self.path)

    def on(self, *faults: tuple[str, str], server: str = NAME) -> None:
        """Switch these faults on, and all others off; returns once the proxy has them."""
        now = time.time()
        new = tuple(Injection(fault, level, server, now) for fault, level in faults)
        self.write(msgspec.json.encode(Faults(new)))
        shown = {fault for fault, _ in faults}
        eventually(lambda: self.reported() == shown, f"the proxy to have {shown}")

    def reported(self) -> set[str]:
        """The faults that are on, as the proxy reports."""
        series = re.findall(r"^mcp_lab_fault\{(.*)\} 1\.0$", self.proxy.get("/metrics").text, re.M)
        assert all(f'server="{NAME}"' in each for each in series)
        return {re.findall(r'fault="([^"]*)"', each)[0] for each in series}

    def counted(self, expected: tuple[str, str, str], since: Counter[Any]) -> None:
        """Wait until such a call was counted."""
        eventually(lambda: self.counts()[expected] > since[expected], f"{expected}")

    def counts(self) -> Counter[tuple[str, str, str]]:
        return Counter(self.proxy.outcomes())

    def calls(self) -> float:
        """Tool calls that have ended, in any way."""
        return sum(number for (method, *_), number in self.counts().items() if method == CALL)

    def errors(self, error_type: str) -> float:
        labels = {"mcp_method_name": CALL, "error_type": error_type}
        return self.proxy.value("mcp_server_operation_duration_seconds_count", **labels)


@contextmanager
def faulty(server: str, folder: Path, *more: str) -> Iterator[Faulty]:
    path = folder / "faults.json"
    flags = ("--server-name", NAME, "--fault-injection", str(path), "--upstream-timeout", "2")
    with before(server, *flags, *more) as proxy:
        yield Faulty(proxy, path)


@pytest.fixture(scope="module", params=SERVERS)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Faulty]]:
    with faulty(request.param, tmp_path_factory.mktemp("faults")) as running:
        yield request.param, running


@pytest.fixture
def kind(started: tuple[str, Faulty]) -> str:
    return started[0]


@pytest.fixture
def server(started: tuple[str, Faulty]) -> Iterator[Faulty]:
    """A server without faults, before and after a test."""
    _, running = started
    yield running
    running.on()
    with session_of(running) as session:
        assert "result" in session.ask(call("good"))


@contextmanager
def session_of(running: Faulty, client: str = "streamable") -> Iterator[Any]:
    session = CLIENTS[client](running.proxy.port)
    yield session
    session.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_calls_fail_by_the_answer_that_is_asked_for(server: Faulty, client: str) -> None:
    with session_of(server, client) as session:
        since = server.counts()
        server.on((names.TOOL_ERRORS, "100%"))
        result = session.ask(call(7))["result"]
        assert (result["isError"], result["content"][0]["text"]) == (True, TEXT)
        server.counted((CALL, "tool_error", "server"), since)
        server.on((names.PROTOCOL_ERRORS, "100%"))
        answer = session.ask(call(8))
        assert (answer["id"], answer["error"]["code"]) == (8, -32603)
        server.counted((CALL, "protocol_error", "server"), since)
        assert server.errors("-32603")
        server.on()
        assert "result" in session.ask(call(9))


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_is_late(server: Faulty, client: str) -> None:
    with session_of(server, client) as session:
        server.on((names.LATENCY, "400ms"), (names.TOOL_ERRORS, "100%"))
        since = time.monotonic()
        assert session.ask(call(7))["result"]["isError"]
        assert time.monotonic() - since >= 0.4


@pytest.mark.parametrize("client", CLIENTS)
def test_a_call_that_hangs_times_out(server: Faulty, client: str) -> None:
    with session_of(server, client) as session:
        since = server.counts()
        server.on((names.HANG, "100%"))
        assert "error" in session.ask(call(7))
        server.counted((CALL, "timeout", "server"), since)
        server.on()
        assert "result" in session.ask(call(8))


def test_an_answer_is_not_json(server: Faulty, kind: str) -> None:
    outcome, error = ("transport_error", ErrorType.MALFORMED_ANSWER)
    if kind in WITH_STREAMS:
        outcome, error = ("timeout", ErrorType.TIMEOUT)
    with session_of(server) as session:
        since = server.counts()
        server.on((names.MALFORMED_FRAME, "100%"))
        assert "error" in session.ask(call(7))
        server.counted((CALL, outcome, "server"), since)
        assert server.errors(error)


def test_some_answers_are_very_large(server: Faulty) -> None:
    with session_of(server) as session:
        since = server.counts()
        server.on((names.OVERSIZE_ANSWER, "100KiB"))
        answers = (session.ask(call(each)) for each in range(1000))
        large = next(each for each in answers if len(str(each)) > 100 * 2**10)
        assert large["result"]["content"][0]["text"] == "x" * 100 * 2**10
        server.on((names.OVERSIZE_ANSWER, "20MiB"))
        answers = (session.ask(call(each)) for each in range(1000, 2000))
        refused = next(each for each in answers if "error" in each)
        assert "--message-limit" in refused["error"]["message"]
        server.counted((CALL, "transport_error", "server"), since)


def test_late_answers_for_which_there_is_no_memory_hold_up_no_call(tmp_path: Path) -> None:
    limits = ("--body-limit", "200000", "--message-limit", "200000", "--memory-limit", "400000")
    with faulty("stdio", tmp_path, *limits) as running, session_of(running) as session:
        running.on((names.OVERSIZE_ANSWER, "150KiB"), (names.LATENCY, "1s"))
        clients = [Client(running.proxy.port) for _ in range(80)]
        for number, client in enumerate(clients):
            session.post(client, call(100 + number))
        eventually(lambda: running.calls() == len(clients), "all calls to end")
        assert running.counts()[CALL, "ok", "none"]
        for client in clients:
            client.close()


def test_a_list_has_more_tools(server: Faulty) -> None:
    listing = {"jsonrpc": "2.0", "id": 5, "method": "tools/list", "params": {}}
    with session_of(server) as session:
        real = session.ask(listing)["result"]["tools"]
        server.on((names.LABEL_BOMB, "40"))
        tools = session.ask(listing)["result"]["tools"]
        assert tools[: len(real)] == real
        assert len({each["name"] for each in tools}) == len(real) + 40
        server.on()
        assert session.ask(listing)["result"]["tools"] == real


def test_notifications_come_before_an_answer(server: Faulty) -> None:
    server.on((names.LIST_CHANGED_STORM, "3"))
    client = SseClient(server.proxy.port)
    client.initialize()
    client.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    client.post(call(7))
    methods = [client.message().get("method") for _ in range(4)]
    assert methods == ["notifications/tools/list_changed"] * 3 + [None]
    client._connection.close()
    client.stream.close()


def expired(kind: str) -> tuple[str, str]:
    return ("404", "caller") if kind == "HTTP+SSE" else (ErrorType.CONNECTION, "server")


@pytest.mark.parametrize("started", OVER_HTTP, indirect=True, scope="module")
def test_a_session_expires(server: Faulty, kind: str) -> None:
    if kind == "modern streamable HTTP":
        with session_of(server) as session:
            server.on((names.SESSION_EXPIRY_STORM, "100%"))
            assert "result" in session.ask(call(7))
        return
    error, fault = expired(kind)
    with session_of(server) as session:
        since, errors = server.counts(), server.errors(error)
        server.on((names.SESSION_EXPIRY_STORM, "100%"))
        assert "error" in session.ask(call(7))
        server.counted((CALL, "transport_error", fault), since)
        assert server.errors(error) == errors + 1
        if kind == "streamable HTTP":
            session.ask(call(8))
            assert session.status == 404


@pytest.mark.parametrize("started", OVER_HTTP, indirect=True, scope="module")
def test_an_answer_is_cut(server: Faulty) -> None:
    with session_of(server) as session:
        since, errors = server.counts(), server.errors(ErrorType.CONNECTION)
        server.on((names.STREAM_CUT, "100%"))
        assert "error" in session.ask(call(7))
        server.counted((CALL, "transport_error", "server"), since)
        assert server.errors(ErrorType.CONNECTION) == errors + 1


def test_the_server_crashes_again_and_again(server: Faulty, kind: str) -> None:
    error = ErrorType.UPSTREAM_EXITED if "stdio" in kind else ErrorType.CONNECTION
    errors = server.errors(error)
    with session_of(server) as session, waiting(server, session):
        server.on((names.CRASH, "1500ms"))
        eventually(lambda: server.errors(error) > errors, "the call to fail")
    if kind != "shared stdio":  # It is started again after a growing pause.
        errors = server.errors(error)
        with session_of(server) as session, waiting(server, session):
            eventually(lambda: server.errors(error) > errors, "the next crash")
    killed = server.proxy.value("mcp_proxy_upstream_killed_total", signal="SIGKILL")
    assert bool(killed) is ("stdio" in kind)
    server.on()
    eventually(lambda: server.proxy.get("/readyz").ok, "the server to be back")


@contextmanager
def waiting(running: Faulty, session: Any) -> Iterator[None]:
    """A call that the server does not answer."""
    client = Client(running.proxy.port)
    session.post(client, call(70, "hang"))
    yield
    client.close()


@pytest.mark.alone
def test_reset_ends_a_fault_within_a_second(tmp_path: Path) -> None:
    with faulty("streamable HTTP", tmp_path) as running, session_of(running) as session:
        running.on((names.TOOL_ERRORS, "100%"))
        assert session.ask(call(1))["result"]["isError"]
        running.path.unlink()
        until(lambda: not session.ask(call(2))["result"].get("isError"), seconds=1, what="reset")


def injected(fault: str, level: str, **more: Any) -> bytes:
    each = {"fault": fault, "level": level, "server": NAME, "started": 1.0, **more}
    return msgspec.json.encode({"injections": [each]})


HOSTILE = {
    "garbage": (b"\x00\xff{", "not a file of faults"),
    "another": (b"[1, 2]", "not a file of faults"),
    "deep": (b"[" * 100_000, "not a file of faults"),
    "huge": (b" " * 2**20 + b"{}", "longer than"),
    "a number": (b'{"injections": [{"fault": 1}]}', "not a file of faults"),
    "unknown": (injected("no-such-fault", "50%"), "no fault of servers"),
    "of the pipeline": (injected("collector-stopped", ""), "no fault of servers"),
    "a long name": (injected("x" * 10_000, "50%"), "no fault of servers"),
    "no level": (injected(names.HANG, ""), "no level of hang"),
    "too much": (injected(names.HANG, "101%"), "no level of hang"),
    "another's level": (injected(names.OVERSIZE_ANSWER, "50%"), "no level of oversize-answer"),
    "without bound": (injected(names.OVERSIZE_ANSWER, "9" * 400 + "KiB"), "no level of oversize"),
    "a long level": (injected(names.LATENCY, "0" * 1000 + "1s"), "too long"),
    "of HTTP": (injected(names.STREAM_CUT, "100%"), "by HTTP"),
}


@pytest.mark.parametrize("started", ["stdio"], indirect=True, scope="module")
@pytest.mark.parametrize("content", HOSTILE)
def test_a_mistake_in_the_file_is_one_line_and_fails_no_call(server: Faulty, content: str) -> None:
    text, reason = HOSTILE[content]
    log = server.proxy.logged
    known, switched = len(log("injected faults ignored")), len(log("injected faults"))
    with session_of(server) as session:
        server.write(text)
        eventually(lambda: len(log("injected faults ignored")) > known, "a warning")
        assert "result" in session.ask(call(7))
        assert server.reported() == set()
    lines = log("injected faults ignored")[known:]
    assert len(lines) == 1
    assert reason in lines[0]["reason"]
    assert len(lines[0]["reason"]) < 400
    assert len(log("injected faults")) == switched


@pytest.mark.parametrize("started", ["stdio"], indirect=True, scope="module")
def test_faults_beside_a_mistake_and_of_others_are_kept_apart(server: Faulty) -> None:
    log = server.proxy.logged
    known = len(log("injected faults ignored"))
    now = time.time()
    faults = (
        Injection(names.HANG, "nonsense", NAME, now),
        Injection("no-such-fault", "1", "other", now),
        Injection("collector-stopped", "", "", now),
        Injection(names.PROTOCOL_ERRORS, "100%", "other", now),
        Injection(names.TOOL_ERRORS, "100%", NAME, now, now - 1),
        Injection(names.LATENCY, "1ms", NAME, now),
    )
    server.write(msgspec.json.encode(Faults(faults)))
    eventually(lambda: server.reported() == {names.LATENCY}, "the one fault")
    assert len(log("injected faults ignored")) == known + 1
    with session_of(server) as session:
        answer = session.ask(call(7))
    assert "isError" not in answer["result"]


@pytest.mark.parametrize("started", ["stdio"], indirect=True, scope="module")
def test_a_mystery_is_injected_and_not_named(server: Faulty) -> None:
    mystery = Injection(names.TOOL_ERRORS, "100%", NAME, time.time(), seed=7)
    with session_of(server) as session:
        server.write(msgspec.json.encode(Faults((mystery,))))
        eventually(lambda: session.ask(call(7))["result"].get("isError"), "the fault")
        assert server.reported() == {"mystery"}
        assert server.proxy.value("mcp_lab_fault", level="100%") == 0
    assert server.proxy.logged("injected faults")[-1]["on"] == "mystery (seed 7)"


def test_a_link_to_another_folder_is_followed(tmp_path: Path) -> None:
    """A ConfigMap's files are links through `..data`, which is replaced as a whole."""
    for folder, level in (("first", "100%"), ("second", "1%")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "faults.json").write_bytes(injected(names.HANG, level))
    data, aside = tmp_path / "..data", tmp_path / "..data_tmp"
    data.symlink_to("first")
    (tmp_path / "faults.json").symlink_to("..data/faults.json")
    with faulty("stdio", tmp_path) as running:
        value = running.proxy.value
        eventually(lambda: value("mcp_lab_fault", level="100%"), "the first")
        aside.symlink_to("second")
        aside.replace(data)
        eventually(lambda: value("mcp_lab_fault", level="1%"), "the second")
        assert not value("mcp_lab_fault", level="100%")


def test_a_proxy_without_the_option_reports_no_faults() -> None:
    with before("stdio") as proxy:
        assert "mcp_lab_fault{" not in proxy.get("/metrics").text
