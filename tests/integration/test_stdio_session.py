"""A session of the client on stdio: reopened where it was lost."""

import sys
from pathlib import Path

import pytest

from proxy.jsonrpc import methods
from tests.integration.proxies import (
    eventually,
    running,
)
from tests.integration.stdio_client import SERVERS, StdioClient, before
from tests.integration.stdio_session import SERVER

pytestmark = pytest.mark.slow


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
        again = eventually(lambda: client.call("notifications", 2).get("result"), "a new session")
        assert again["pid"] != pid
        assert [each["method"] for each in again["notifications"]] == [methods.INITIALIZED]
        assert len(eventually(lambda: proxy.logged("session reopened"), "the log")) == 1
        assert client.end() == []


def test_a_session_that_cannot_be_opened_anew_is_reported_and_tried_again(tmp_path: Path) -> None:
    command = tmp_path / "server"
    command.symlink_to(sys.executable)
    with running("--stdio", "--", str(command), *SERVER[1:]) as proxy:
        client = StdioClient(proxy)
        client.open()
        command.unlink()
        assert client.call("die", 1)["id"] == 1
        refused = client.call("echo", 2)
        assert refused["id"] == 2
        assert "cannot be reopened: cannot start" in refused["error"]["message"]
        command.symlink_to(sys.executable)
        assert client.call("echo", 3)["result"]["received"] == {"name": "echo"}
