"""The marked call: a session of the client `mcp-doctor` that sends `ping`, with a trace id."""

import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from lab.load.client import PROTOCOL_VERSION, LoadFailed, message_of
from lab.load.protocol import SESSION_HEADER, VERSION_HEADER
from proxy.jsonrpc.methods import INITIALIZE, INITIALIZED, PING

CLIENT = "mcp-doctor"
"""The client's name, by which its calls are counted."""


@dataclass(frozen=True, slots=True)
class Response:
    """The status and text of an HTTP response, and its JSON-RPC message; {} if it has none.

    `challenge` is its WWW-Authenticate header.
    """

    status: int
    text: str
    message: Mapping[str, Any]
    challenge: str = ""

    @property
    def error(self) -> str:
        """Why it is not a result; "" if it is."""
        if "result" in self.message:
            return ""
        shown = self.message.get("error", {}).get("message") or self.text
        return f"HTTP {self.status}: {' '.join(str(shown).split())[:200]}"


@dataclass(slots=True)
class MarkedCall:
    """Sends the requests; `trace_id` is that of all of them, which are marked as sampled."""

    url: str
    token: str
    seconds: float
    trace_id: str = ""
    session: str = ""
    sent: float = 0.0
    """When it was first sent, in seconds since the epoch by this machine's clock."""

    def __post_init__(self) -> None:
        self.trace_id = secrets.token_hex(16)

    def initialize(self) -> Response:
        """Raises requests.RequestException."""
        self.sent = time.time()
        client = {"name": CLIENT, "version": "1"}
        params = {"protocolVersion": PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client}
        return self._send({"id": 1, "method": INITIALIZE, "params": params})

    def ping(self, times: int) -> Response:
        """The response to the last of so many. Raises requests.RequestException."""
        self._send({"method": INITIALIZED})
        return [self._send({"id": 2 + each, "method": PING}) for each in range(times)][-1]

    def end(self) -> None:
        """End the session, if the server keeps one."""
        if self.session:
            with suppress(requests.RequestException):
                self._request("DELETE", None)

    def _send(self, message: Mapping[str, Any]) -> Response:
        answer = self._request("POST", {"jsonrpc": "2.0", **message})
        self.session = answer.headers.get(SESSION_HEADER, self.session)
        challenge = answer.headers.get("WWW-Authenticate", "")
        return Response(answer.status_code, answer.text, _message(answer), challenge)

    def _request(self, method: str, message: Mapping[str, Any] | None) -> requests.Response:
        headers = {
            "Accept": "application/json, text/event-stream",
            VERSION_HEADER: PROTOCOL_VERSION,
            "traceparent": f"00-{self.trace_id}-{secrets.token_hex(8)}-01",
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.session:
            headers[SESSION_HEADER] = self.session
        with requests.Session() as http:
            http.trust_env = False
            return http.request(
                method, self.url, json=message, headers=headers, timeout=self.seconds
            )


def _message(response: requests.Response) -> Mapping[str, Any]:
    """The JSON-RPC message in a response; {} if it has none."""
    try:
        found = message_of(response)
    except LoadFailed:
        return {}
    return found if isinstance(found, dict) else {}
