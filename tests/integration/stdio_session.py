"""A session with the scripted stdio server, and the processes behind it."""

import json
import sys
from pathlib import Path
from typing import Any

import psutil

from tests.integration.sockets import INITIALIZE, Client, call

SERVER = (sys.executable, str(Path(__file__).with_name("scripted_stdio.py")))
INITIALIZED = ("initialize", "ok", "none")


class Session(Client):
    """A client that has initialized, and sends its session with every message."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.post(INITIALIZE)
        response = self.getresponse()
        assert response.status == 200
        self.name = response.getheader("mcp-session-id") or ""
        self.pid = json.loads(response.read())["result"]["pid"]

    def call(self, tool: str, request_id: int | str = 1, **params: Any) -> tuple[int, Any]:
        """Call a tool, and wait for an answer that is not a stream."""
        self.post(call(request_id, tool, **params), mcp_session_id=self.name)
        return self.answer()

    def listen(self, port: int) -> tuple[Client, Any]:
        """Open the GET stream on a connection of its own: that connection, and the response."""
        client = Client(port)
        headers = {"accept": "text/event-stream", "mcp-session-id": self.name}
        client.request("GET", "/mcp", headers=headers)
        return client, client.getresponse()


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def spawned(session: Session, *kinds: str) -> list[int]:
    """Processes that the session's process started, those of each kind."""
    answers = (session.call("spawn", arguments={"kind": each})[1] for each in kinds)
    return [answer["result"]["child"] for answer in answers]
