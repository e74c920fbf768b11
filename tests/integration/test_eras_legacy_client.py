"""Clients with sessions before a stdio server of 2026-07-28, which knows no session."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.jsonrpc import methods
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import Client, call, read_event

pytestmark = pytest.mark.slow

SERVER = (sys.executable, str(Path(__file__).with_name("scripted_stdio.py")), "modern")
CALL = "tools/call"
INITIALIZED = ("initialize", "ok", "none")
OPENING = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {"roots": {}},
        "clientInfo": {"name": "old", "version": "1"},
    },
}


@pytest.fixture(params=["auto", "modern"])
def proxy(request: pytest.FixtureRequest) -> Iterator[RunningProxy]:
    with running("--upstream-era", request.param, "--", *SERVER) as started:
        yield started


class Session(Client):
    """A client that has initialized, and sends its session with every message."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.post(OPENING)
        response = self.getresponse()
        assert response.status == 200
        self.name = response.getheader("mcp-session-id") or ""
        self.greeting = json.loads(response.read())["result"]
        self.tell({"jsonrpc": "2.0", "method": methods.INITIALIZED})

    def tell(self, message: Any) -> None:
        """Send what gets no answer."""
        self.post(message, mcp_session_id=self.name)
        response = self.getresponse()
        assert (response.status, response.read()) == (202, b"")

    def call(self, tool: str, request_id: int | str = 1, **params: Any) -> tuple[int, Any]:
        """Call a tool, and wait for an answer that is not a stream."""
        self.post(call(request_id, tool, **params), mcp_session_id=self.name)
        return self.answer()

    def heard(self) -> list[dict[str, Any]]:
        """What the server's process got beside requests."""
        found: list[dict[str, Any]] = self.call("told", "told")[1]["result"]["heard"]
        return found


@pytest.fixture
def session(proxy: RunningProxy) -> Iterator[Session]:
    each = Session(proxy.port)
    yield each
    each.close()


def test_the_session_opens_and_every_call_carries_what_the_server_needs(
    proxy: RunningProxy, session: Session
) -> None:
    assert session.greeting["protocolVersion"] == "2025-06-18"
    assert session.greeting["capabilities"]["tools"] == {"listChanged": True}
    status, answer = session.call("echo", "x", arguments={"a": 1})
    assert (status, answer["id"]) == (200, "x")
    received = answer["result"]["received"]
    assert received["arguments"] == {"a": 1}
    assert received["_meta"] == {
        methods.VERSION_KEY: "2026-07-28",
        methods.CLIENT_INFO_KEY: {"name": "old", "version": "1"},
        methods.CAPABILITIES_KEY: {"roots": {}},
    }
    proxy.counted({INITIALIZED: 1, (CALL, "ok", "none"): 1})
    assert proxy.value("mcp_proxy_sessions") == 1
    assert proxy.value("mcp_server_operation_duration_seconds_count") == 2


def test_outcomes_are_those_of_the_server(proxy: RunningProxy, session: Session) -> None:
    for tool in ("fail", "unknown", "twice"):
        session.call(tool)
    proxy.counted(
        {
            INITIALIZED: 1,
            (CALL, "tool_error", "server"): 1,
            (CALL, "protocol_error", "caller"): 1,
            (CALL, "ok", "none"): 1,
        }
    )


def test_a_second_session_is_not_probed_anew(proxy: RunningProxy, session: Session) -> None:
    other = Session(proxy.port)
    assert [each for each in other.heard() if each.get("method") == methods.INITIALIZE] == []
    assert other.call("echo")[0] == 200
    other.close()


def test_progress_and_changes_reach_the_client(session: Session) -> None:
    stream = Client(session.port)
    headers = {"accept": "text/event-stream", "mcp-session-id": session.name}
    stream.request("GET", "/mcp", headers=headers)
    changes = stream.getresponse()
    assert session.call("spontaneous")[0] == 200
    message = read_event(changes)
    assert message["method"] == "notifications/tools/list_changed"
    assert message["params"] == {}
    session.post(call(1, "progress", _meta={"progressToken": 7}), mcp_session_id=session.name)
    response = session.getresponse()
    assert read_event(response)["params"]["progressToken"] == 7
    assert read_event(response)["id"] == 1
    stream.close()


def test_required_input_is_asked_of_the_client(proxy: RunningProxy, session: Session) -> None:
    session.call("echo")
    session.post(call("c", "require"), mcp_session_id=session.name)
    response = session.getresponse()
    question = next(each for each in iter(lambda: read_event(response), None) if "id" in each)
    assert question["method"] == "roots/list"
    helper = Client(session.port)
    answer = {"jsonrpc": "2.0", "id": question["id"], "result": {"roots": [5]}}
    helper.post(answer, mcp_session_id=session.name)
    assert helper.getresponse().status == 202
    final = read_event(response)
    told = final["result"]
    assert (final["id"], told["roots"], told["state"]) == ("c", {"roots": [5]}, "state")
    proxy.counted({INITIALIZED: 1, (CALL, "ok", "none"): 2})
    helper.close()


def test_a_cancelled_call_is_cancelled_at_the_server(proxy: RunningProxy, session: Session) -> None:
    session.post(call("h", "hang"), mcp_session_id=session.name)
    eventually(lambda: proxy.value("mcp_proxy_requests_in_flight") == 1, "the call in flight")
    helper = Client(session.port)
    cancel = {"jsonrpc": "2.0", "method": methods.CANCELLED, "params": {"requestId": "h"}}
    helper.post(cancel, mcp_session_id=session.name)
    assert helper.getresponse().status == 202
    session.getresponse().read()
    proxy.counted({INITIALIZED: 1, (CALL, "cancelled", "caller"): 1})
    (told,) = [each for each in session.heard() if each["method"] == methods.CANCELLED]
    assert isinstance(told["params"]["requestId"], int)
    helper.close()


def test_a_batch_of_an_older_revision_is_sent_one_by_one(session: Session) -> None:
    batch = [call(1, "echo"), call(2, "echo")]
    session.post(batch, mcp_session_id=session.name)
    status, answers = session.answer()
    assert (status, sorted(each["id"] for each in answers)) == (200, [1, 2])


def test_a_process_that_dies_fails_the_call(proxy: RunningProxy, session: Session) -> None:
    status, answer = session.call("die", "d")
    assert (status, answer["id"], answer["error"]["code"]) == (502, "d", -32000)
    proxy.counted({INITIALIZED: 1, (CALL, "transport_error", "server"): 1})
