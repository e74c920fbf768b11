"""The answer of a server that has faults, made of its real one. Pure."""

from collections.abc import Sequence

from msgspec import Raw

from ..errors import MalformedMessage
from ..jsonrpc.members import Fields, encode, members_or_empty, parse_members, raw
from .effects import (
    ERROR_CODE,
    TEXT,
    Effect,
    MoreTools,
    Oversize,
    ProtocolError,
    ToolError,
    more_tools,
)


def changed(data: bytes, effects: Sequence[Effect], limit: int) -> bytes:
    """The answer in place of `data`; it is longer than `limit` bytes if it should be."""
    try:
        fields = parse_members(data)
    except MalformedMessage:
        return data
    for each in effects:
        if isinstance(each, ToolError):
            fields = _result(fields, {**_text(TEXT), "isError": True})
        elif isinstance(each, ProtocolError):
            others = {name: value for name, value in fields.items() if name != "result"}
            fields = {**others, "error": raw({"code": ERROR_CODE, "message": TEXT})}
        elif isinstance(each, Oversize):
            fields = _result(fields, _text("x" * min(each.length, limit)))
        elif isinstance(each, MoreTools):
            fields = _listed(fields, each.count)
    return encode(fields)


def _result(fields: Fields, members: dict[str, object]) -> Fields:
    """The answer with these members of a tool's result, and what else its result has."""
    kept = members_or_empty(fields, "result")
    kept.pop("structuredContent", None)
    others = {name: value for name, value in fields.items() if name != "error"}
    return {**others, "result": raw({**kept, **members})}


def _listed(fields: Fields, count: int) -> Fields:
    """The answer with so many more tools; unchanged if it is no list of tools."""
    kept = members_or_empty(fields, "result")
    tools = bytes(kept.get("tools", Raw(b""))).strip()
    if not tools.startswith(b"["):
        return fields
    listed, more = tools[1:-1].strip(), encode(more_tools(count))
    both = b"[%b,%b" % (listed, more[1:]) if listed else more
    return {**fields, "result": raw({**kept, "tools": Raw(both)})}


def _text(text: str) -> dict[str, object]:
    """The content of a result that is a text."""
    return {"content": [{"type": "text", "text": text}]}
