"""What a client is told that is not let in."""

from dataclasses import dataclass

from .wire.head import Header


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in: an HTTP status, one line for its sender, and header lines."""

    status: int
    reason: str
    headers: tuple[Header, ...] = ()
