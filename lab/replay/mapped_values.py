"""What a recorded message becomes in a replay: ids, progress tokens, cursors and the like. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from lab.recording.calls import id_of
from lab.recording.redaction import OPAQUE
from proxy.jsonrpc import methods

_SENT_AS = {"nextCursor": "cursor"}
"""Members whose values come back under another name."""


class MappedValues:
    """The values of one session that differ between recording and replay."""

    def __init__(self) -> None:
        self._ids: dict[bytes, int] = {}
        self._issued: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"<MappedValues ids={len(self._ids)} issued={len(self._issued)}>"

    def params(self, params: Mapping[str, Any], number: int | None = None) -> dict[str, Any]:
        """The params to send; `number` is the new id of a request, and its progress token."""
        mapped: dict[str, Any] = self._substituted(params)
        meta = mapped.get("_meta")
        if number is not None and isinstance(meta, dict) and "progressToken" in meta:
            mapped["_meta"] = {**meta, "progressToken": number}
        return mapped

    def cancelled(self, params: Mapping[str, Any]) -> int | None:
        """The new id of the request that a notification cancels; None if it was not sent."""
        return self._ids.get(id_of(dict(params), "requestId"))

    def on_sent(self, recorded: bytes, number: int) -> None:
        """A request, by its recorded id as JSON, was sent as `number`."""
        self._ids[recorded] = number

    def on_result(self, recorded: Any, result: Any) -> None:
        """A request was answered: what the server issued replaces what it issued then."""
        todo = [(recorded, result)]
        while todo:
            old, new = todo.pop()
            if isinstance(old, dict) and isinstance(new, dict):
                for key in old:
                    if key in new:
                        self._on_member(key, old[key], new[key])
                        todo.append((old[key], new[key]))
            elif isinstance(old, list) and isinstance(new, list):
                todo += zip(old, new, strict=False)

    def _on_member(self, key: str, old: Any, new: Any) -> None:
        if key in OPAQUE and isinstance(old, str) and isinstance(new, str):
            self._issued[_SENT_AS.get(key, key), old] = new

    def _substituted(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: self._issued.get((key, each), each)
                if isinstance(each, str)
                else self._substituted(each)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self._substituted(each) for each in value]
        return value


def body(method: str, params: Mapping[str, Any] | None, number: int | None = None) -> bytes:
    """A request, or without an id a notification."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if number is not None:
        message["id"] = number
    if params is not None:
        message["params"] = params
    return msgspec.json.encode(message)


def answer_to(asked: Mapping[str, Any], recorded: Mapping[str, Any] | None) -> bytes:
    """The answer to a server's request: what the client answered then, as far as it is recorded."""
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
    if recorded is not None:
        answer |= {key: recorded[key] for key in ("result", "error") if key in recorded}
    elif asked["method"] == methods.PING:
        answer["result"] = {}
    else:
        reason = f"not in the recording: {asked['method']}"
        answer["error"] = {"code": methods.METHOD_NOT_FOUND, "message": reason}
    return msgspec.json.encode(answer)
