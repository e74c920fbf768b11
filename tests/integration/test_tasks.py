"""Tools that run as tasks, through a real proxy: each is counted with the outcome of its task."""

import json
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import Client, Upstream, call, result
from tests.integration.stdio_session import INITIALIZED, SERVER, Session

pytestmark = pytest.mark.slow

CALL = "tools/call"
TASK = {"taskId": "t-1", "status": "working", "ttl": None}
FAILED = (CALL, "tool_error", "server")


def about(method: str, request_id: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": {"taskId": "t-1"}}


@pytest.mark.parametrize("events", [False, True])
def test_a_task_of_an_http_server(
    upstream: Upstream, proxy: RunningProxy, client: Client, *, events: bool
) -> None:
    def ask(message: dict[str, Any], answer: dict[str, Any]) -> None:
        client.post(message, mcp_session_id="s")
        side = upstream.take()
        if events:
            side.start_events("connection: close\r\n")
            side.event(answer)
            side.chunk(b"")
        else:
            side.answer(json.dumps(answer).encode(), extra="connection: close\r\n")
        assert client.getresponse().read()

    ask(call(1, task={"ttl": 60000}), {"jsonrpc": "2.0", "id": 1, "result": {"task": TASK}})
    assert proxy.value("mcp_proxy_requests_in_flight") == 0
    ask(about("tasks/get", 2), {"jsonrpc": "2.0", "id": 2, "result": TASK})
    proxy.counted({("tasks/get", "ok", "none"): 1})
    ask(about("tasks/result", 3), result(3, isError=True))
    proxy.counted(
        {("tasks/get", "ok", "none"): 1, ("tasks/result", "ok", "none"): 1, FAILED: 1},
    )


@pytest.mark.parametrize("sharing", ["off", "on"])
def test_a_task_of_a_stdio_server_is_its_sessions(sharing: str) -> None:
    with running("--stdio-sharing", sharing, "--", *SERVER) as proxy:
        session, other = Session(proxy.port), Session(proxy.port)
        assert session.call("defer", 1, task={})[1]["result"]["task"]["taskId"] == "t-1"
        for each, method in ((other, "tasks/result"), (session, "tasks/get")):
            each.post(about(method, 2), mcp_session_id=each.name)
            assert each.answer()[0] == 200
        seen = {
            INITIALIZED: 2,
            ("tasks/result", "tool_error", "server"): 1,
            ("tasks/get", "ok", "none"): 1,
        }
        proxy.counted(seen)
        session.post(about("tasks/result", 3), mcp_session_id=session.name)
        assert session.answer()[0] == 200
        proxy.counted({**seen, ("tasks/result", "ok", "none"): 1, FAILED: 1})
        for each in (session, other):
            each.close()
