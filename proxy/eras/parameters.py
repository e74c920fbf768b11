"""Arguments that travel as headers too: what `x-mcp-header` in a tool's input schema asks.

Specification 2026-07-28, "Streamable HTTP", Custom Headers from Tool Parameters.
"""

import string
from collections.abc import Iterator, Mapping

from proxy.eras.headers import encode_value
from proxy.eras.request import mapping
from proxy.wire.head import Header

Path = tuple[str, ...]

_TOKEN = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_PRIMITIVES = ("string", "integer", "boolean")
_SAFE = 2**53 - 1


class Parameters:
    """The tools of one server, as far as `tools/list` told of them."""

    def __init__(self) -> None:
        self._headers: dict[str, dict[Path, str]] = {}

    def __repr__(self) -> str:
        return f"<Parameters {self._headers}>"

    def learn(self, tools: object) -> None:
        """Take a page of tools, as `tools/list` gives it."""
        for tool in tools if isinstance(tools, list) else ():
            told = mapping(tool)
            annotated = dict(_annotated(mapping(told.get("inputSchema")), ()))
            self._headers[str(told.get("name"))] = annotated

    def headers_of(self, tool: str, arguments: object) -> list[Header]:
        """The headers of a call with those arguments; none for one that is null or not there."""
        found = (
            (name, _shown(_at(arguments, path)))
            for path, name in self._headers.get(tool, {}).items()
        )
        return [
            (b"mcp-param-" + name.lower().encode(), encode_value(value).encode())
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
