"""The processes of stdio servers end with the proxy, however it ends, and with their supervisor."""

import signal
import sys
from contextlib import closing

import psutil
import pytest

from tests.integration.proxies import (
    eventually,
    running,
)
from tests.integration.sockets import Client
from tests.integration.stdio_session import SERVER, Session, gone, spawned

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("sharing", ["off", "on"])
def test_no_process_is_left_after_a_signal(number: signal.Signals, sharing: str) -> None:
    with running("--stdio-sharing", sharing, "--", *SERVER) as proxy:
        sessions = [Session(proxy.port) for _ in range(2)]
        started = spawned(sessions[0], "child", "session", "daemon", "kept")
        family = psutil.Process(proxy.process.pid).children(recursive=True)
        assert {*started, *(session.pid for session in sessions)} <= {p.pid for p in family}
        proxy.process.send_signal(number)
        assert proxy.ended() == (-number if number == signal.SIGKILL else 0)
        if number == signal.SIGKILL:
            eventually(lambda: all(gone(each.pid) for each in family), "the end of all processes")
        assert [each.pid for each in family if not gone(each.pid)] == []
        for session in sessions:
            session.close()


def test_sessions_end_with_their_supervisor_and_new_ones_get_another() -> None:
    with running("--", *SERVER) as proxy:
        session = Session(proxy.port)
        [supervisor] = psutil.Process(proxy.process.pid).children()
        supervisor.kill()
        eventually(lambda: proxy.logged("supervisor ended"), "its end in the log")
        eventually(lambda: gone(session.pid), "the end of the process")
        status, answer = session.call("echo")
        assert (status, answer["id"]) in ((502, 1), (404, 1))
        again = Session(proxy.port)
        assert again.call("echo")[0] == 200
        session.close()
        again.close()


def test_a_process_that_ignores_its_end_is_killed() -> None:
    stubborn = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    answer = 'print(\'{"jsonrpc":"2.0","id":0,"result":{}}\', flush=True); time.sleep(600)'
    with running("--", sys.executable, "-c", stubborn + answer) as proxy:
        client = Client(proxy.port)
        client.post({"jsonrpc": "2.0", "id": 0, "method": "initialize"})
        assert client.answer()[0] == 200
        child = psutil.Process(proxy.process.pid).children()[0]
        proxy.process.send_signal(signal.SIGTERM)
        assert proxy.ended() == 0
        assert gone(child.pid)
        client.close()


def test_a_process_that_must_be_killed_takes_along_who_descends_from_it() -> None:
    with running("--", *SERVER) as proxy, closing(Session(proxy.port)) as session:
        children = spawned(session, "child", "session", "daemon")
        psutil.Process(session.pid).suspend()
        session.request("DELETE", "/mcp", headers={"mcp-session-id": session.name})
        assert session.getresponse().status == 200
        eventually(lambda: all(map(gone, (session.pid, *children))), "the end of the processes")
