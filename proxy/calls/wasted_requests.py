"""Requests that brought nothing: repeated after the same error, of unlisted tools, with arguments
that break the tool's schema, and lists fetched again that did not change.

They are counted, and never refused. A request counts for every reason that applies.
"""

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ..in_flight import Call
from ..telemetry.catalogue import WasteReason
from ..telemetry.ledger import Ledger
from ..telemetry.vocabulary import cut
from ..tools.argument_check import ArgumentCheck
from ..tools.definition import write
from .last_values import LastValues

LONGEST_DECODED = 64 * 1024
"""Bytes; longer arguments are equal only if they are the same bytes, and are not checked."""

_decode = msgspec.json.Decoder().decode
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)


class WastedRequests:
    """Counts them in the ledger, by what each session did before.

    Without sessions, clients differ by address, name and principal.
    """

    __slots__ = ("_arguments", "_errors", "_ledger", "_lists")

    def __init__(self, ledger: Ledger, arguments: ArgumentCheck) -> None:
        self._ledger = ledger
        self._arguments = arguments
        self._errors = LastValues()
        self._lists = LastValues()

    def __repr__(self) -> str:
        return f"<WastedRequests {self._errors!r} {self._lists!r}>"

    def call_failed(self, call: Call, error_type: str) -> None:
        """A call of a tool brought an error, or nothing."""
        raw = _bytes(call.params.arguments)
        arguments = _read(raw)
        text = raw if arguments is UNSET else write(arguments).encode()
        key = call.name.encode("utf-8", "surrogatepass") + b"\0" + text
        repeated = self._errors.replace(_client(call), key, error_type.encode())
        count = self._ledger.request_wasted
        count(WasteReason.REPEATED_ERROR, call.name, int(repeated))
        if self._is_unlisted(call.name):
            count(WasteReason.UNLISTED_TOOL, call.name, 1)
        elif arguments is not UNSET:
            invalid = self._arguments.is_invalid(cut(call.name), arguments, len(raw))
            count(WasteReason.INVALID_ARGUMENTS, call.name, int(invalid))

    def tools_listed(self, call: Call, cursor: str, tools: bytes) -> None:
        """A client got a page of the list of tools."""
        if self._lists.replace(_client(call), cursor.encode("utf-8", "surrogatepass"), tools):
            self._ledger.request_wasted(WasteReason.UNCHANGED_LIST, "", 1)

    def forget(self, session: str) -> None:
        """A session is over."""
        self._errors.forget(session)
        self._lists.forget(session)

    def _is_unlisted(self, tool: str) -> bool:
        tools = self._ledger.tools
        return tools.complete and not tools.more and cut(tool) not in tools.sizes


def _client(call: Call) -> str:
    return call.session or f"{call.peer!r}\0{call.client.name}\0{call.principal}"


def _bytes(arguments: Raw | UnsetType) -> bytes:
    return b"{}" if arguments is UNSET else bytes(arguments)


def _read(arguments: bytes) -> object:
    """Arguments as an object; UNSET if they are too long, or cannot be read."""
    if len(arguments) > LONGEST_DECODED:
        return UNSET
    try:
        return _decode(arguments)
    except _UNREADABLE:
        return UNSET
