"""What a client gets for the head of its request alone: a refusal, or a page."""

from dataclasses import dataclass

from .wire.head import Header


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in: an HTTP status, one line for its sender, and header lines."""

    status: int
    reason: str
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What answers a request in place of MCP."""

    status: int
    content_type: bytes | None
    body: bytes
    headers: tuple[Header, ...] = ()
