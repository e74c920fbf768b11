"""Requests of many clients on one connection, each with an id that is unique there."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import Raw

from ..jsonrpc import ids, methods
from ..jsonrpc.members import Fields, encode, members_or_empty, raw
from .effects import Effects, Push
from .request import Request, identity


class MappedRequest:
    """A request by the client's id and, if it has one, progress token.

    `number` is the id, and the progress token, that the server sees.
    """

    __slots__ = ("id", "number", "token")

    def __init__(self, request_id: Raw, token: object = None) -> None:
        self.number = 0
        self.id = request_id
        self.token = token

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.number} {bytes(self.id)!r}>"

    def answer(self, fields: Fields) -> bytes:
        """A response with the client's id."""
        return encode({**fields, "id": self.id})

    def progress(self, fields: Fields) -> bytes:
        """A progress notification with the client's token."""
        params = {**members_or_empty(fields, "params"), "progressToken": self.token}
        return encode({**fields, "params": params})


class TranslatedRequest(MappedRequest):
    """A modern client's request."""

    __slots__ = ("method", "request")

    def __init__(self, request: Request) -> None:
        self.number = 0
        self.method = request.method
        self.adopt(request)

    @property
    def wants_logs(self) -> bool:
        """Whether the client asked for log messages."""
        return methods.LOG_LEVEL_KEY in self.request.meta

    def adopt(self, request: Request) -> None:
        """Continue for a client's new request under the server's old number."""
        self.request = request
        self.id = request.id
        self.token = request.meta.get("progressToken")

    def with_mapped_token(self) -> Fields:
        """The request's `_meta` for the server."""
        if self.token is None:
            return self.request.meta
        return {**self.request.meta, "progressToken": raw(self.number)}


Mapped = TypeVar("Mapped", bound=MappedRequest)


class IdMap(Generic[Mapped]):
    """The requests in flight, by number. A number is never used twice."""

    __slots__ = ("_last", "_open")

    def __init__(self) -> None:
        self._last = 0
        self._open: dict[int, Mapped] = {}

    def __repr__(self) -> str:
        return f"<IdMap open={list(self._open.values())}>"

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Mapped]:
        return iter(tuple(self._open.values()))

    def add(self, mapped: Mapped) -> int:
        """Assign a new number to a request."""
        number = self._last = mapped.number = self._last + 1
        self._open[number] = mapped
        return number

    def next_number(self) -> int:
        """A number for a request of the proxy itself."""
        self._last += 1
        return self._last

    def get(self, number: object) -> Mapped | None:
        """The request in flight with that number, which the server may have invented."""
        found = ids.number(number)
        return None if found is None else self._open.get(found)

    def pop(self, number: object) -> Mapped | None:
        """The same; it is no longer in flight."""
        found = ids.number(number)
        return None if found is None else self._open.pop(found, None)

    def was_used(self, number: object) -> bool:
        """Whether a request has, or had, that number."""
        return 0 < (ids.number(number) or 0) <= self._last

    def answered(self, answer: Fields) -> Mapped | None:
        """The request of a response; an error without an id belongs to the only request."""
        number = identity(answer.get("id"))
        if number is None and "error" in answer and len(self._open) == 1:
            return next(iter(self._open.values()))
        return self.get(number)


def progress(id_map: IdMap[TranslatedRequest], message: Fields) -> Effects:
    """A server's progress notification for the client of its request, if that has a token."""
    mapped = id_map.get(identity(members_or_empty(message, "params").get("progressToken")))
    if mapped is None or mapped.token is None:
        return []
    return [Push(mapped.number, mapped.progress(message))]
