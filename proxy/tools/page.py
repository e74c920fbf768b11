"""A page of `tools/list`: its tools, what each says that it does, and how long each part of it is.

One tool that cannot be read does not hide the others. Tools of one name, which MCP advises against
(Tools, "Tool Names"), are one tool with the definitions of all, whatever their order.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ..telemetry.listed_tools import MOST_TOOLS, NO_SIZE, ToolHints, ToolSize
from ..telemetry.vocabulary import cut
from .definition import (
    LONGEST_COMPARED,
    Digest,
    canonical,
    digest_of,
    merged,
    parse,
    write,
)

_MOST_VALUES = 200_000
"""Of a page, by its commas and brackets: so many are read in 100 ms. One with more is not read."""
_MOST_LISTED = 10_000
"""Tools of a page; one with more is not read."""


class ListedTool(NamedTuple):
    """A tool as its server lists it; `name` is cut to the length of a label."""

    name: str
    hints: ToolHints
    size: ToolSize
    digest: Digest


class ToolPage(NamedTuple):
    """The first MOST_TOOLS tools of a page, and the number and size of those after them."""

    tools: tuple[ListedTool, ...]
    more: int = 0
    more_size: ToolSize = NO_SIZE


class _Object(Struct, gc=False):
    """Any object."""


class _Tool(Struct, gc=False, rename="camel"):
    """A tool, unread."""

    name: Raw
    description: Raw | UnsetType = UNSET
    input_schema: Raw | UnsetType = UNSET
    output_schema: Raw | UnsetType = UNSET
    annotations: Raw | UnsetType = UNSET


_NO_HINTS = ToolHints()
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode_objects = msgspec.json.Decoder(list[_Object]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_tool = msgspec.json.Decoder(_Tool).decode
_decode_hints = msgspec.json.Decoder(ToolHints).decode
_decode_text = msgspec.json.Decoder(str).decode


class ReadPage(NamedTuple):
    """A page, and the definitions of its tools in their one form, by digest (`definition`)."""

    page: ToolPage
    forms: Mapping[Digest, bytes]


def read_page(tools: bytes) -> ReadPage | None:
    """The page whose member `tools` is that text; None if it is not a list of objects."""
    if sum(map(tools.count, (b"{", b"[", b","))) > _MOST_VALUES:
        return None
    try:
        _decode_objects(tools)  # A list of millions of other values ends here.
        texts = [bytes(each) for each in _decode_list(tools)]
    except _UNREADABLE:
        return None
    if len(texts) > _MOST_LISTED:
        return None
    forms: dict[Digest, bytes] = {}
    found: dict[str, list[ListedTool]] = {}
    more, size = 0, NO_SIZE
    for text in texts:
        named = _named(text)
        if named is None:
            continue
        name, tool = named
        if len(found) < MOST_TOOLS or name in found:
            found.setdefault(name, []).append(_read_tool(text, name, tool, forms))
        else:
            more, size = more + 1, size.plus(_size(len(text), tool))
    listed = tuple(each[0] if len(each) == 1 else _merge(each, forms) for each in found.values())
    return ReadPage(ToolPage(listed, more, size), forms)


def _named(text: bytes) -> tuple[str, _Tool] | None:
    """A tool and its name as a label; None if it has none, or cannot be read."""
    try:
        tool = _decode_tool(text)
        return cut(_decode_text(tool.name)), tool
    except _UNREADABLE:
        return None


def _read_tool(text: bytes, name: str, tool: _Tool, forms: dict[Digest, bytes]) -> ListedTool:
    form = canonical(text)
    digest = digest_of(text if form is None else form)
    if form is not None:
        forms[digest] = form
    return ListedTool(name, _hints(tool.annotations), _size(len(text), tool), digest)


def _merge(tools: list[ListedTool], forms: dict[Digest, bytes]) -> ListedTool:
    """The one tool that tools of the same name are; hints that contradict each other are none."""
    first = tools[0]
    digests = sorted({each.digest for each in tools})
    texts = [forms[each] for each in digests if each in forms]
    digest, hints, size = first.digest, first.hints, first.size
    for each in tools[1:]:
        size = size.plus(each.size)
        hints = hints if hints == each.hints else _NO_HINTS
    if len(texts) < len(digests) or sum(map(len, texts)) > LONGEST_COMPARED:
        digest = digest_of(b"".join(digests))
    elif len(digests) > 1:
        form = write(merged(map(parse, texts))).encode()
        digest = digest_of(form)
        forms[digest] = form
    return ListedTool(first.name, hints, size, digest)


def _size(whole: int, tool: _Tool) -> ToolSize:
    name, description = _text_length(tool.name), _text_length(tool.description)
    schema = _length(tool.input_schema) + _length(tool.output_schema)
    return ToolSize(name, description, schema, whole - name - description - schema)


def _text_length(part: Raw | UnsetType) -> int:
    """Bytes of a string as written, without its quotes."""
    quoted = part is not UNSET and bytes(part)[:1] == b'"'
    return _length(part) - (len('""') if quoted else 0)


def _length(part: Raw | UnsetType) -> int:
    return 0 if part is UNSET else len(bytes(part))


def _hints(annotations: Raw | UnsetType) -> ToolHints:
    if annotations is UNSET:
        return _NO_HINTS
    try:
        return _decode_hints(annotations)
    except _UNREADABLE:
        return _NO_HINTS
