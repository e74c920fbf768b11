"""An answer that took so long that it was begun as a stream, before its upstream began it."""

from ..http import response
from ..http.interfaces import ResponseWriter
from ..http.sse import END, START, encode, unbroken
from ..jsonrpc import codec


class EarlyStream:
    """Events in the place of what another kind of answer would be. Implements ResponseWriter."""

    __slots__ = ("_in_event", "_writer")

    def __init__(self, writer: ResponseWriter) -> None:
        self._writer = writer
        self._in_event = False
        writer.start_response(response.start(200, response.EVENTS, *response.EVENT_HEADERS))

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        """Anything but JSON-RPC is left out of the stream."""
        for each in codec.parts(body) if codec.has_answer(body) else ():
            self._writer.write(encode(each))
        self._writer.end()

    def start_response(self, head: bytes, length: int | None = None) -> None:
        """A body becomes one event; a stream continues unchanged."""
        self._in_event = response.EVENTS not in head
        if self._in_event:
            self._writer.write(START)

    def write(self, data: bytes) -> None:
        self._writer.write(unbroken(data) if self._in_event else data)

    def end(self) -> None:
        if self._in_event:
            self._writer.write(END)
        self._writer.end()

    def abort(self) -> None:
        self._writer.abort()
