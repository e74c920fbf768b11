"""The proxy in front of a stdio server: sessions, processes, and where each message goes."""

import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.proxies import (
    RunningProxy,
    eventually,
    running,
    written_when_held_back,
)
from tests.integration.sockets import INITIALIZE, Client, call, read_event
from tests.integration.stdio_session import INITIALIZED, SERVER, Session, gone, spawned

pytestmark = pytest.mark.slow

CALL = "tools/call"


@pytest.fixture
def proxy() -> Iterator[RunningProxy]:
    with running("--", *SERVER) as started:
        yield started


@pytest.fixture
def session(proxy: RunningProxy) -> Iterator[Session]:
    each = Session(proxy.port)
    yield each
    each.close()


def test_stderr_is_logged_line_by_line(proxy: RunningProxy, session: Session) -> None:
    session.call("grumble")
    eventually(
        lambda: [each["line"] for each in proxy.logged("child stderr")] == ["something to say"],
        "the line in the log",
    )


def test_delete_ends_the_session_and_all_that_its_process_started(
    proxy: RunningProxy, session: Session
) -> None:
    children = spawned(session, "child", "daemon")
    [kept] = spawned(session, "kept")
    other = Session(proxy.port)
    others = spawned(other, "child", "session", "daemon")
    session.request("DELETE", "/mcp", headers={"mcp-session-id": session.name})
    response = session.getresponse()
    assert (response.status, response.read()) == (200, b"")
    eventually(lambda: all(map(gone, (session.pid, *children))), "the end of the processes")
    assert not any(map(gone, (other.pid, *others, kept)))
    other.close()
    status, answer = session.call("echo")
    assert (status, answer["id"]) == (404, 1)
    assert proxy.value("mcp_proxy_sessions") == 1
    assert proxy.value("mcp_server_session_duration_seconds_count") == 1


def test_an_unused_session_ends_by_itself() -> None:
    with running("--session-idle", "0.3", "--", *SERVER) as proxy, Session(proxy.port) as session:
        eventually(lambda: gone(session.pid), "the end of the process")
        assert session.call("echo")[0] == 404


def test_a_session_with_an_open_stream_is_in_use() -> None:
    with running("--session-idle", "1.5", "--", *SERVER) as proxy:
        listening = Session(proxy.port)
        stream, response = listening.listen(proxy.port)
        idle = Session(proxy.port)
        eventually(lambda: gone(idle.pid), "the end of the idle session's process")
        assert listening.call("echo")[0] == 200
        response.close()
        stream.close()
        eventually(lambda: gone(listening.pid), "the end of the other process")
        listening.close()
        idle.close()


@pytest.mark.parametrize(
    ("session_id", "message", "status"),
    [("", call(), 400), ("unknown", call(), 404), ("", {"method": "notifications/x"}, 400)],
)
def test_a_message_without_a_session_is_refused(
    proxy: RunningProxy, session_id: str, message: Any, status: int
) -> None:
    client = Client(proxy.port)
    client.post(message, **({"mcp_session_id": session_id} if session_id else {}))
    response = client.getresponse()
    assert response.status == status
    response.read()
    client.close()


def test_a_sessions_process_is_counted_while_it_runs(proxy: RunningProxy) -> None:
    def running() -> float:
        return proxy.value("mcp_proxy_upstream_links", state="open")

    one = Session(proxy.port)
    eventually(lambda: running() == 1, "a running process")
    one.request("DELETE", "/mcp", headers={"mcp-session-id": one.name})
    assert one.getresponse().status == 200
    one.close()
    eventually(lambda: running() == 0, "no running process")
    eventually(lambda: proxy.value("mcp_proxy_upstream_links") == 0, "no process at all")


def test_a_slow_reader_bounds_memory_and_loses_nothing(
    proxy: RunningProxy, session: Session
) -> None:
    stream, response = session.listen(proxy.port)
    size = 48_000_000
    session.post(call(1, "flood", arguments={"bytes": size}), mcp_session_id=session.name)
    assert written_when_held_back(session.pid) < size / 2
    assert psutil.Process(proxy.process.pid).memory_info().rss < size
    for _ in range(size // 100_000):
        assert len(read_event(response)["params"]["data"]) == 100_000
    assert session.answer()[0] == 200
    assert session.call("echo", 2)[0] == 200
    response.close()
    stream.close()


def test_sessions_beyond_the_cap_are_refused_while_all_are_in_use() -> None:
    with running("--max-sessions", "1", "--", *SERVER) as proxy:
        session, other = Session(proxy.port), Client(proxy.port)
        stream, response = session.listen(proxy.port)
        other.post(INITIALIZE)
        assert other.answer()[0] == 503
        proxy.counted({INITIALIZED: 1, ("initialize", "rejected", "proxy"): 1})
        response.close()
        for each in (session, stream, other):
            each.close()


STUBBORN = """
import json, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
asked = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"pid": 0}}), flush=True)
signal.pause()
"""


def test_a_session_starts_once_the_process_is_gone_whose_place_it_takes(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN)
    with running("--max-sessions", "1", "--", sys.executable, str(script)) as proxy:
        for ended in ("DELETE", "evicted"):
            session = Session(proxy.port)
            if ended == "DELETE":
                session.request("DELETE", "/mcp", headers={"mcp-session-id": session.name})
                assert session.getresponse().read() == b""
            session.close()
            newcomer = Session(proxy.port)
            family = psutil.Process(proxy.process.pid).children(recursive=True)
            assert sum(str(script) in each.cmdline() for each in family) == 1
            newcomer.close()


def test_a_command_that_ends_at_once_is_down_before_any_session() -> None:
    with running("--probe-interval", "0.1", "--", "false") as proxy:
        (message,) = eventually(lambda: proxy.logged("upstream unreachable"), "its loss in the log")
        assert (message["level"], message["upstream"]) == ("warning", shutil.which("false"))
        assert message["reason"] == "the server's process ended with exit code 1"
        assert proxy.get("/readyz").status_code == 503
        assert proxy.value("mcp_proxy_upstream_up") == 0
        eventually(lambda: len(proxy.logged("child exited")) > 2, "further attempts")
        assert proxy.logged("upstream reachable") == []
        with Client(proxy.port) as client:
            client.post(INITIALIZE)
            status, answer = client.answer()
        assert (status, answer["id"]) == (502, 0)


def test_a_session_gets_the_process_that_was_started_to_see_whether_it_runs() -> None:
    with running("--", *SERVER) as proxy:
        eventually(lambda: proxy.value("mcp_proxy_upstream_up") == 1, "the server counting as up")
        (started,) = proxy.logged("child started")
        session = Session(proxy.port)
        assert session.pid == started["pid"]
        assert session.call("echo")[0] == 200
        session.close()


REPAIRED = """
import pathlib, sys
if not pathlib.Path(sys.argv[1]).exists():
    sys.exit("no such file")
print('{"jsonrpc": "2.0", "method": "notifications/message"}', flush=True)
sys.stdin.read()
"""


def test_a_command_that_works_again_is_up_without_any_session(tmp_path: Path) -> None:
    flags = ("--probe-interval", "0.1", "--", sys.executable, "-c", REPAIRED)
    with running(*flags, str(tmp_path / "key")) as proxy:
        eventually(lambda: proxy.logged("upstream unreachable"), "the failure")
        (tmp_path / "key").touch()
        eventually(lambda: proxy.get("/readyz").status_code == 200, "readiness")


def test_a_command_that_goes_away_makes_the_proxy_unready(tmp_path: Path) -> None:
    command = tmp_path / "server"
    command.symlink_to(sys.executable)
    with running("--probe-interval", "0.1", "--", str(command)) as proxy:
        eventually(lambda: proxy.logged("upstream reachable"), "the server in the log")
        command.unlink()
        (answer,) = eventually(lambda: proxy.logged("upstream unreachable"), "its loss in the log")
        assert answer["reason"] == "its command is not an executable file"
        assert proxy.get("/readyz").status_code == 503


def test_a_process_that_fails_by_itself_is_a_warning_in_the_log(
    proxy: RunningProxy, session: Session
) -> None:
    status, answer = session.call("die")
    assert (status, answer["error"]["message"]) == (
        502,
        "the server's process ended with exit code 3",
    )
    (message,) = eventually(lambda: proxy.logged("child exited"), "its end in the log")
    assert (message["level"], message["pid"], message["code"]) == ("warning", session.pid, 3)
    assert proxy.value("mcp_proxy_upstream_killed_total") == 0


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSEGV", "SIGHUP", "by a launcher"])
def test_a_process_that_a_signal_ends_is_reported_in_answer_log_and_metric(
    proxy: RunningProxy, session: Session, how: str
) -> None:
    name = "SIGKILL" if how == "by a launcher" else how
    arguments = {"signal": name, "launched": how == "by a launcher"}
    status, answer = session.call("crash", arguments=arguments)
    assert (status, answer["error"]["message"]) == (
        502,
        f"the server's process was ended by {name}",
    )
    (message,) = eventually(lambda: proxy.logged("child killed"), "its end in the log")
    assert (message["level"], message["pid"], message["signal"]) == ("warning", session.pid, name)
    label = "other" if name == "SIGHUP" else name
    assert proxy.value("mcp_proxy_upstream_killed_total", signal=label) == 1
    assert proxy.value("mcp_proxy_upstream_killed_total") == 1


def test_a_process_that_the_proxy_ends_is_no_warning_in_the_log() -> None:
    deaf = (
        'import time; print(\'{"jsonrpc":"2.0","id":0,"result":{}}\', flush=True); time.sleep(600)'
    )
    with running("--", sys.executable, "-c", deaf) as proxy, Client(proxy.port) as client:
        client.post(INITIALIZE)
        response = client.getresponse()
        name = response.getheader("mcp-session-id") or ""
        response.read()
        client.request("DELETE", "/mcp", headers={"mcp-session-id": name})
        (answer,) = eventually(lambda: proxy.logged("child exited"), "its end in the log")
        assert (answer["level"], answer["code"]) == ("info", -signal.SIGTERM)
        assert proxy.value("mcp_proxy_upstream_killed_total") == 0
