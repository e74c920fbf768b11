"""What a server may say: messages that are as they should be but for one odd place, and noise.

`ID` in a text stands for the id of the last request that the server got.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from proxy.jsonrpc import methods

ID = "the id of the last request"
_MARK = "the odd place"
OFFERED = {"tools": {"listChanged": True}, "resources": {"subscribe": True}, "logging": {}}
GREETING = {
    "protocolVersion": "2025-06-18",
    "supportedVersions": ["2026-07-28"],
    "capabilities": OFFERED,
    "_meta": {methods.SERVER_INFO_KEY: {"name": "s"}},
}
SCHEMA = {"type": "object", "properties": {"p": {"type": "string", "x-mcp-header": "P"}}}
QUESTION = {"method": "elicitation/create", "params": {"mode": "url", "elicitationId": "e"}}
_RESULTS: tuple[Any, ...] = (
    {"content": [], "isError": False, "_meta": {methods.SUBSCRIPTION_KEY: 3}},
    {"tools": [{"name": "t", "inputSchema": SCHEMA}]},
    {"resultType": "input_required", "inputRequests": {"q": QUESTION}, "requestState": "s"},
)
_ERRORS: tuple[Any, ...] = (
    {"code": -32002, "message": "m"},
    {"code": -32022, "message": "m", "data": {"supported": ["2026-07-28"]}},
    {"code": -32042, "message": "m", "data": {"elicitations": [{"url": "u"}]}},
)
_STREAM = {"_meta": {methods.SUBSCRIPTION_KEY: ID}}
_NOTES: tuple[tuple[str, Any], ...] = (
    (methods.PROGRESS, {"progressToken": ID, "progress": 1}),
    (methods.CANCELLED, {"requestId": ID}),
    (methods.ACKNOWLEDGED, {**_STREAM, "notifications": {"resourceSubscriptions": ["u"]}}),
    (methods.UPDATED, {**_STREAM, "uri": "u"}),
    ("notifications/tools/list_changed", _STREAM),
    (methods.LOG, {"level": "info", "data": "d"}),
    ("notifications/x", {}),
)
OPENINGS: tuple[Any, ...] = (
    {"id": ID, "result": GREETING},
    *({"id": ID, "error": each} for each in _ERRORS[:2]),
)
MESSAGES: tuple[Any, ...] = (
    *({"id": ID, "result": each} for each in _RESULTS),
    *({"id": ID, "error": each} for each in _ERRORS),
    *({"method": method, "params": params} for method, params in _NOTES),
    *({"id": "s", "method": each, "params": {}} for each in (*methods.INPUTS, methods.PING, "x")),
)
"""Each as it should be, if it is the right moment."""

_MODERN = {
    methods.VERSION_KEY: "2026-07-28",
    methods.CAPABILITIES_KEY: {"roots": {}},
    methods.CLIENT_INFO_KEY: {"name": "c"},
    methods.LOG_LEVEL_KEY: "info",
    "progressToken": 90,
    "traceparent": f"00-{1:032x}-{2:016x}-01",
}
_PARAMS: dict[str, Any] = {
    "tools/call": {"name": "t", "arguments": {"p": "v"}, "_meta": _MODERN},
    "prompts/get": {"name": "t", "requestState": "s", "inputResponses": {"q": {}}},
    methods.LISTEN: {"notifications": {"resourceSubscriptions": ["u"]}, "_meta": _MODERN},
    methods.SUBSCRIBE: {"uri": "u"},
    methods.SET_LEVEL: {"level": "info"},
    methods.INITIALIZE: {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {}},
}
OF_CLIENTS: tuple[Any, ...] = (
    *({"id": 90, "method": method, "params": params} for method, params in _PARAMS.items()),
    {"method": methods.CANCELLED, "params": {"requestId": 1}},
    {"method": methods.PROGRESS, "params": {"progressToken": "s", "progress": 1}},
    {"id": "s", "result": {"roots": []}},
    {"id": "proxy-1", "error": {"code": -1, "message": "m"}},
)

DEEP = b'{"params":' * 450 + b"[" * 450 + b"]" * 450 + b"}" * 450
ODD = (
    b"null", b"true", b"5", b"-1", b"1.5", b"1e400", b"9" * 30, b"9" * 4301, b'""', b'"x"',
    b'"complete"', b'"input_required"', b'"\\ud800"', b'"\xff"', b"[]", b"[[]]", b"[{}]", b"{}",
    b'{"a":[]}', b'{"\xff":1}', DEEP,
)  # fmt: skip
"""What may stand in the odd place."""

Path = tuple[Any, ...]


def spoilt(messages: Sequence[Any]) -> list[bytes]:
    """Each message with each odd thing in each place, without the place, and with one more."""
    return [
        *(_spoilt(each, path, odd) for each in messages for path in _paths(each) for odd in ODD),
        *(_spoilt(each, path, None) for each in messages for path in _paths(each)),
        *(_encoded(each).replace(b"{", b'{"\xff":1,', 1) for each in messages),
        *(b"[%b]" % _encoded(each) for each in messages),
        *ODD, b"", b"{", b"\xff", b"[1]",
    ]  # fmt: skip


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to each place within a message."""
    inner: list[tuple[Any, Any]] = list(value.items()) if isinstance(value, dict) else []
    for name, each in list(enumerate(value)) if isinstance(value, list) else inner:
        yield (*path, name)
        yield from _paths(each, (*path, name))


def _spoilt(message: Any, path: Path, odd: bytes | None) -> bytes:
    changed, (*way, last) = copy.deepcopy(message), path
    holder: Any = changed
    for name in way:
        holder = holder[name]
    if odd is None:
        del holder[last]
    else:
        holder[last] = _MARK
    return _encoded(changed).replace(_encoded(_MARK), odd or b"")


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


_one = st.sampled_from(spoilt((*OPENINGS, *MESSAGES)) + [_encoded(each) for each in MESSAGES])
_batch = st.lists(_one, min_size=1, max_size=3).map(lambda each: b"[%b]" % b",".join(each))
texts: SearchStrategy[bytes] = st.one_of(_one, _one, _batch)
"""One line, body or event."""
