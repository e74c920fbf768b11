"""The client that started a proxy and speaks to it on stdin and stdout."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from proxy.jsonrpc import methods
from tests.integration.proxies import (
    DEADLINE_SECONDS,
    RunningProxy,
    running,
)
from tests.integration.sockets import INITIALIZE, call
from tests.integration.stdio_session import SERVER

Json = dict[str, Any]


CALL = "tools/call"


INITIALIZED = {"jsonrpc": "2.0", "method": methods.INITIALIZED}


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
