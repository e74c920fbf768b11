"""The faults of an echo server's answers: which requests they concern, and what they do."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from lab.echo.faults import HANG_SECONDS, faulty_handle
from lab.echo.messages import (
    TOOLS,
    Action,
    CutReply,
    DelayedReply,
    ExpireSession,
    InvalidReply,
    Reply,
    handle,
)
from lab.faults.catalogue import LIVE_FAULTS
from lab.faults.changes import FAULTS_FILE, FAULTS_VARIABLE, SERVER_VARIABLE, change
from proxy.faults import names
from proxy.faults.effects import ANSWER_FAULTS, LIST_CHANGED
from proxy.faults.injections import Faults, Injection
from tests.lab.echo.test_messages import call, request

CALL, LIST, INITIALIZE = call("echo", text="hi"), request("tools/list"), request("initialize")


def environment(folder: Path, *faults: tuple[str, str], server: str = "mine") -> dict[str, str]:
    """The environment of a server that has the faults, each a name and a level."""
    now = time.time()
    injections = tuple(Injection(name, level, "mine", now) for name, level in faults)
    change(folder / FAULTS_FILE, lambda _: Faults(injections))
    return {FAULTS_VARIABLE: str(folder / FAULTS_FILE), SERVER_VARIABLE: server}


def action(folder: Path, message: dict[str, Any], *faults: tuple[str, str]) -> Action:
    return faulty_handle(environment(folder, *faults))(message)


def reply(action: Action) -> dict[str, Any]:
    assert isinstance(action, Reply)
    return action.message


def test_errors_replace_the_results_of_calls(tmp_path: Path) -> None:
    failed = reply(action(tmp_path, CALL, (names.TOOL_ERRORS, "100%")))
    assert failed["result"]["isError"] is True
    assert reply(action(tmp_path, CALL, (names.PROTOCOL_ERRORS, "100%")))["error"]["code"] == -32603


def test_a_call_is_late_or_never_answered(tmp_path: Path) -> None:
    late = action(tmp_path, CALL, (names.LATENCY, "200ms"))
    assert isinstance(late, DelayedReply)
    assert (late.seconds, late.reply) == (0.2, reply(handle(CALL)))
    never = action(tmp_path, CALL, (names.HANG, "100%"))
    assert isinstance(never, DelayedReply)
    assert never.seconds == HANG_SECONDS


def test_faults_of_a_call_add_up(tmp_path: Path) -> None:
    both = (names.LATENCY, "200ms"), (names.TOOL_ERRORS, "100%")
    for faults in (both, both[::-1]):
        found = action(tmp_path, CALL, *faults)
        assert isinstance(found, DelayedReply)
        assert found.seconds == 0.2
        assert found.reply["result"]["isError"] is True


def test_answers_are_cut_malformed_or_of_a_session_that_ended(tmp_path: Path) -> None:
    assert isinstance(action(tmp_path, CALL, (names.STREAM_CUT, "100%")), CutReply)
    assert isinstance(action(tmp_path, CALL, (names.MALFORMED_FRAME, "100%")), InvalidReply)
    for message in (CALL, LIST):
        found = action(tmp_path, message, (names.SESSION_EXPIRY_STORM, "100%"))
        assert isinstance(found, ExpireSession)


def test_some_answers_are_of_the_size_that_was_asked_for(tmp_path: Path) -> None:
    faulty = faulty_handle(environment(tmp_path, (names.OVERSIZE_ANSWER, "100KiB")))
    sizes = {len(json.dumps(reply(faulty(CALL)))) // 2**10 for _ in range(300)}
    assert sizes == {0, 100}


def test_notifications_come_before_the_answer(tmp_path: Path) -> None:
    found = action(tmp_path, CALL, (names.LIST_CHANGED_STORM, "3"))
    assert isinstance(found, DelayedReply)
    assert (found.seconds, found.first) == (0, (LIST_CHANGED,) * 3)
    assert found.reply == reply(handle(CALL))


def test_a_list_has_more_tools_with_other_names_each_time(tmp_path: Path) -> None:
    faulty = faulty_handle(environment(tmp_path, (names.LABEL_BOMB, "40")))
    first, second = (
        [tool["name"] for tool in reply(faulty(LIST))["result"]["tools"]] for _ in range(2)
    )
    ours = [tool["name"] for tool in TOOLS]
    assert first[: len(ours)] == ours
    assert len(set(first)) == len(ours) + 40
    assert set(first) & set(second) == set(ours)


@pytest.mark.parametrize("name", ANSWER_FAULTS)
def test_a_session_always_opens(tmp_path: Path, name: str) -> None:
    level = LIVE_FAULTS[name].default.replace("50%", "100%")
    assert action(tmp_path, INITIALIZE, (name, level)) == handle(INITIALIZE)


@pytest.mark.parametrize("message", [None, [], 7, {}, {"method": "tools/call"}, {"id": 1}])
def test_other_messages_are_handled_as_ever(tmp_path: Path, message: Any) -> None:
    assert action(tmp_path, message, (names.HANG, "100%")) == handle(message)


def test_a_percentage_is_that_of_many_calls(tmp_path: Path) -> None:
    faulty = faulty_handle(environment(tmp_path, (names.TOOL_ERRORS, "20%")))
    failed = sum("isError" in reply(faulty(CALL))["result"] for _ in range(2000))
    assert 250 < failed < 550  # 20 % is 400; five standard deviations are 90.


def test_the_faults_of_another_server_are_not_ours(tmp_path: Path) -> None:
    faulty = faulty_handle(environment(tmp_path, (names.HANG, "100%"), server="other"))
    assert faulty(CALL) == handle(CALL)


def test_without_the_labs_variables_there_are_no_faults(tmp_path: Path) -> None:
    found = environment(tmp_path, (names.HANG, "100%"))
    assert faulty_handle({}) is handle
    for name in found:
        assert faulty_handle({name: found[name]}) is handle


def test_over_http_an_answer_is_cut_and_a_session_ends(tmp_path: Path) -> None:
    env = {**os.environ, **environment(tmp_path, (names.STREAM_CUT, "100%"))}
    command = (sys.executable, "-m", "lab.echo", "--transport", "streamable-http")
    with (
        subprocess.Popen(command, env=env, stderr=subprocess.PIPE) as server,
        requests.Session() as client,
    ):
        assert server.stderr is not None
        url = f"http://{json.loads(server.stderr.readline())['listen']}/mcp"
        client.headers["Accept"] = "application/json, text/event-stream"
        opened = client.post(url, json=INITIALIZE, timeout=10)
        client.headers["Mcp-Session-Id"] = opened.headers["Mcp-Session-Id"]
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.post(url, json=CALL, timeout=10)
        environment(tmp_path, (names.SESSION_EXPIRY_STORM, "100%"))
        assert client.post(url, json=CALL, timeout=10).status_code == 404
        environment(tmp_path)
        assert client.post(url, json=CALL, timeout=10).status_code == 404
        again = client.post(url, json=INITIALIZE, timeout=10)
        client.headers["Mcp-Session-Id"] = again.headers["Mcp-Session-Id"]
        assert client.post(url, json=CALL, timeout=10).ok
        server.terminate()


def test_a_process_has_the_fault_while_it_is_on(tmp_path: Path) -> None:
    env = {**os.environ, **environment(tmp_path, (names.TOOL_ERRORS, "100%"))}
    command = (sys.executable, "-m", "lab.echo", "--transport", "stdio")
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:

        def answer() -> str:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(json.dumps(CALL) + "\n")
            server.stdin.flush()
            return server.stdout.readline()

        assert "injected" in answer()
        change(tmp_path / FAULTS_FILE, lambda _: Faults())
        assert "injected" not in answer()
        environment(tmp_path, (names.PROTOCOL_ERRORS, "100%"))
        assert "error" in answer()
        server.stdin.close() if server.stdin else None
