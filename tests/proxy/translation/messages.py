"""Messages of both eras, and how the tests read what a translator returns."""

import json
from collections.abc import Iterable
from typing import Any

from proxy.jsonrpc import methods
from proxy.jsonrpc.members import Fields, parse_members
from proxy.translation.effects import Answer, Push, Send
from proxy.translation.request import Request

Json = dict[str, Any]

CLIENT_INFO = {"name": "tester", "version": "1"}


def meta(capabilities: Json | None = None, **more: Any) -> Json:
    """The `_meta` of a modern request."""
    return {
        methods.VERSION_KEY: "2026-07-28",
        methods.CLIENT_INFO_KEY: CLIENT_INFO,
        methods.CAPABILITIES_KEY: capabilities or {},
        **more,
    }


def modern(
    method: str = "tools/call",
    request_id: int | str = "a",
    /,
    *,
    more_meta: Json | None = None,
    **params: Any,
) -> Request:
    """A modern request, taken apart."""
    whole = {"jsonrpc": "2.0", "id": request_id, "method": method}
    return Request(
        json.dumps({**whole, "params": {**params, "_meta": meta(**more_meta or {})}}).encode()
    )


def fields(**message: Any) -> Fields:
    """A message of the server."""
    return parse_members(json.dumps({"jsonrpc": "2.0", **message}).encode())


def sent(effects: Iterable[object]) -> list[Json]:
    """What goes to the server."""
    return [json.loads(each.message) for each in effects if isinstance(each, Send)]


def delivered(effects: Iterable[object]) -> list[tuple[int, Json]]:
    """What clients get, by ticket."""
    return [
        (each.request_number, json.loads(each.message))
        for each in effects
        if isinstance(each, Push | Answer)
    ]
