"""What a client gets for the head of its request alone: a refusal, or a page."""

from dataclasses import dataclass

from ..telemetry.vocabulary import RejectionCause
from .head import Header


@dataclass(frozen=True, slots=True)
class HttpRejection:
    """Why a request is rejected: the cause, one line for its sender, and header lines."""

    cause: RejectionCause
    status: int
    reason: str
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class StaticResponse:
    """What answers a request in place of MCP."""

    status: int
    content_type: bytes | None
    body: bytes
    headers: tuple[Header, ...] = ()
