"""Requests of many clients on one channel: each gets an id that no other has, and its own back."""

from collections.abc import Iterator

from ..jsonrpc import ids, methods
from ..jsonrpc.members import Fields, encode, members_or_empty, raw
from .effects import Push
from .request import Request, identity


class MappedRequest:
    """One request as its client knows it: its id, its progress token, its method."""

    __slots__ = ("id", "method", "number", "request", "token")

    def __init__(self, number: int, request: Request) -> None:
        self.number = number
        self.method = request.method
        self.adopt(request)

    def __repr__(self) -> str:
        return f"<MappedRequest {self.number} {self.method}>"

    @property
    def wants_logs(self) -> bool:
        """Whether the client asked for log messages."""
        return methods.LOG_LEVEL_KEY in self.request.meta

    def adopt(self, request: Request) -> None:
        """Go on for a client's new request; the server knows it by the old number."""
        self.request = request
        self.id = request.id
        self.token = request.meta.get("progressToken")

    def answer(self, fields: Fields) -> bytes:
        """An answer under the client's own id."""
        return encode({**fields, "id": self.id})

    def progress(self, fields: Fields) -> Push | None:
        """A progress notification under the client's own token, if it has one."""
        if self.token is None:
            return None
        params = {**members_or_empty(fields, "params"), "progressToken": self.token}
        return Push(self.number, encode({**fields, "params": params}))


class IdMap:
    """The requests in flight, by number. A number is never used twice on a channel."""

    def __init__(self) -> None:
        self._last = 0
        self._open: dict[int, MappedRequest] = {}

    def __repr__(self) -> str:
        return f"<IdMap open={list(self._open.values())}>"

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[MappedRequest]:
        return iter(tuple(self._open.values()))

    def issue(self, request: Request) -> MappedRequest:
        """Take up a request."""
        self._last += 1
        mapped = self._open[self._last] = MappedRequest(self._last, request)
        return mapped

    def get(self, number: object) -> MappedRequest | None:
        """The request in flight under that number, which a server may have made up."""
        found = ids.number(number)
        return None if found is None else self._open.get(found)

    def pop(self, number: object) -> MappedRequest | None:
        """The same, and it is over."""
        found = ids.number(number)
        return None if found is None else self._open.pop(found, None)

    def answered(self, answer: Fields) -> MappedRequest | None:
        """The request that an answer is to: an error that names none is to the only one."""
        number = identity(answer.get("id"))
        if number is None and "error" in answer and len(self._open) == 1:
            return next(iter(self._open.values()))
        return self.get(number)


def with_mapped_token(request: Request, number: int) -> Fields:
    """A request's `_meta` for the server: with a progress token that no other request has."""
    if "progressToken" not in request.meta:
        return request.meta
    return {**request.meta, "progressToken": raw(number)}
