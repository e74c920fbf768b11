"""One HTTP request and what HTTP itself refuses about it: pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from lab.echo.messages import PROTOCOL_VERSIONS

PATH = "/mcp"
SSE_PATH, MESSAGES_PATH = "/sse", "/messages"
JSON, EVENTS = "application/json", "text/event-stream"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Answers(StrEnum):
    """How a request is answered when the client accepts both ways."""

    JSON = "json"
    SSE = "sse"


@dataclass(slots=True)
class Request:
    """One HTTP request as it is parsed."""

    path: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def accepts(self, media: str) -> bool:
        accept = self.headers.get("accept", "")
        return media in accept or "*/*" in accept


class Refusal(Exception):
    """A request that HTTP itself refuses: status and one line of text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def check(request: Request, *paths: str) -> None:
    """Raise Refusal unless path, origin (against DNS rebinding) and protocol version are fine."""
    if request.path.partition("?")[0] not in paths:
        raise Refusal(404, f"the endpoint is {paths[0]}")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).hostname not in _LOOPBACK:
        raise Refusal(403, f"origin {origin} is not allowed")
    version = request.headers.get("mcp-protocol-version")
    if version is not None and version not in PROTOCOL_VERSIONS:
        raise Refusal(400, f"protocol version {version} is not one of {PROTOCOL_VERSIONS}")


def answers_by_events(request: Request, preferred: Answers) -> bool:
    """Whether to answer with an event stream; 406 when the client accepts neither way."""
    json, events = request.accepts(JSON), request.accepts(EVENTS)
    if not json and not events:
        raise Refusal(406, f"Accept must include {JSON} or {EVENTS}")
    return events and (preferred is Answers.SSE or not json)
