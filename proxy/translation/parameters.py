"""Arguments that are also sent as headers: `x-mcp-header` in a tool's input schema.

Specification 2026-07-28, "Streamable HTTP", Custom Headers from Tool Parameters.
"""

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from ..http.head import Header
from ..jsonrpc import methods
from .headers import PARAMETER, decode_value, encode_value
from .request import JsonRpcError, mapping

Path = tuple[str, ...]

MOST_TOOLS = 10_000
"""Tools with such arguments that are remembered of one server."""

_TOKEN = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_PRIMITIVES = ("string", "integer", "boolean")
_SAFE = 2**53 - 1
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


class Parameters:
    """The tools of one server that `tools/list` returned."""

    def __init__(self) -> None:
        self._headers: dict[str, dict[Path, str]] = {}

    def __repr__(self) -> str:
        return f"<Parameters {self._headers}>"

    def learn(self, tools: object) -> None:
        """Read a page of `tools/list`."""
        for tool in tools if isinstance(tools, list) else ():
            fields = mapping(tool)
            annotated = dict(_annotated(mapping(fields.get("inputSchema")), ()))
            name = fields.get("name")
            if not isinstance(name, str):
                continue
            self._headers.pop(name, None)
            if annotated and len(self._headers) < MOST_TOOLS:
                self._headers[name] = annotated

    def mismatch(
        self, tool: str, arguments: object, given: Iterable[Header]
    ) -> JsonRpcError | None:
        """How the headers of a call contradict its arguments; None if they agree."""
        wanted = {
            PARAMETER + name.lower().encode(): _at(arguments, path)
            for path, name in self._headers.get(tool, {}).items()
        }
        found: dict[bytes, list[str]] = {}
        for name, value in given:
            found.setdefault(name, []).append(value.decode("latin-1"))
        wrong = [
            name.decode()
            for name, value in wanted.items()
            if not _agrees(value, found.get(name, []))
        ]
        if not wrong:
            return None
        reason = f"Header mismatch: {', '.join(wrong)}: not what the arguments say"
        return JsonRpcError(methods.HEADER_MISMATCH, reason)

    def headers_of(self, tool: str, arguments: object) -> list[Header]:
        """The headers of a call with those arguments, without null and absent ones."""
        found = (
            (name, _shown(_at(arguments, path)))
            for path, name in self._headers.get(tool, {}).items()
        )
        return [
            (PARAMETER + name.lower().encode(), encode_value(value).encode())
            for name, value in found
            if value is not None
        ]


def _annotated(schema: Mapping[str, object], path: Path) -> Iterator[tuple[Path, str]]:
    """The annotated properties that a chain of `properties` leads to, and their headers."""
    for name, found in mapping(schema.get("properties")).items():
        inner = mapping(found)
        header = inner.get("x-mcp-header")
        token = isinstance(header, str) and header and _TOKEN.issuperset(header)
        if token and inner.get("type") in _PRIMITIVES:
            yield (*path, name), str(header)
        yield from _annotated(inner, (*path, name))


def _agrees(argument: object, found: Sequence[str]) -> bool:
    """Whether the values of a header equal an argument; integers are compared as numbers."""
    value = _shown(argument)
    if value is None or not found:
        return value is None and not found
    header = decode_value(found[0]) if found[0].isascii() and found[0].isprintable() else None
    if len(found) > 1 or header is None:
        return False
    if type(argument) is int and _DECIMAL.fullmatch(header):
        return Decimal(header) == Decimal(value)
    return header == value


def _at(arguments: object, path: Path) -> object:
    for name in path:
        arguments = mapping(arguments).get(name)
    return arguments


def _shown(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= _SAFE else None
    return value if isinstance(value, str) else None
