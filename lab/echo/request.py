"""An HTTP request and its validation. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from lab.echo.messages import PROTOCOL_VERSIONS

PATH = "/mcp"
SSE_PATH, MESSAGES_PATH = "/sse", "/messages"
JSON, EVENTS = "application/json", "text/event-stream"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Answers(StrEnum):
    """The media type of responses to clients that accept both."""

    JSON = "json"
    SSE = "sse"


@dataclass(slots=True)
class Request:
    """An HTTP request; the parser fills it in."""

    path: str = ""
    method: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def accepts(self, media: str) -> bool:
        accept = self.headers.get("accept", "")
        return media in accept or "*/*" in accept


class HttpRejection(Exception):
    """An error response: its status, and one line of text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def check(request: Request, *paths: str, versions: Sequence[str] = PROTOCOL_VERSIONS) -> None:
    """Raise HttpRejection for a wrong path, origin (DNS rebinding) or protocol version."""
    if request.path.partition("?")[0] not in paths:
        raise HttpRejection(404, f"the endpoint is {paths[0]}")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).hostname not in _LOOPBACK:
        raise HttpRejection(403, f"origin {origin} is not allowed")
    version = request.headers.get("mcp-protocol-version")
    if version is not None and version not in versions:
        raise HttpRejection(400, f"protocol version {version} is not one of {versions}")


def answers_by_events(request: Request, preferred: Answers) -> bool:
    """Whether to answer with an event stream; raises HttpRejection 406 if neither is accepted."""
    json, events = request.accepts(JSON), request.accepts(EVENTS)
    if not json and not events:
        raise HttpRejection(406, f"Accept must include {JSON} or {EVENTS}")
    return events and (preferred is Answers.SSE or not json)
