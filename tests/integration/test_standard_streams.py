"""The proxy's stdin and stdout: read without end, written as the client reads, or files."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.integration.modern import request
from tests.integration.proxies import (
    DEADLINE_SECONDS,
    environment,
    eventually,
    written_when_held_back,
)
from tests.integration.sockets import INITIALIZE, call
from tests.integration.stdio_client import CALL, INITIALIZED, StdioClient, before
from tests.integration.stdio_session import SERVER

pytestmark = pytest.mark.slow


def test_calls_in_flight_are_answered_after_the_end_of_stdin() -> None:
    with before("stdio") as proxy:
        client = StdioClient(proxy)
        client.send(INITIALIZE, INITIALIZED, *(call(each) for each in range(1, 20)))
        assert [each["id"] for each in client.end()] == list(range(20))


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
        assert written_when_held_back(server.pid) < size * count / 2
        client.read()
        answered = {client.receive()["id"] for _ in range(count + (era == "legacy"))}
        assert answered >= {*range(1, count + 1)}
        client.end()


def test_stdin_and_stdout_may_be_files(tmp_path: Path) -> None:
    said, answer = tmp_path / "in", tmp_path / "out"
    lines = (json.dumps(each) for each in (INITIALIZE, INITIALIZED, call(1), call(2)))
    said.write_text("\n".join(lines))
    with said.open() as stdin, answer.open("w") as stdout:
        ended = subprocess.run(
            (sys.executable, "-m", "proxy", "--stdio", "--", *SERVER),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=DEADLINE_SECONDS,
            check=True,
        )
    assert [json.loads(line)["id"] for line in answer.read_text().splitlines()] == [0, 1, 2]
    assert all(json.loads(line)["event"] for line in ended.stderr.splitlines())
