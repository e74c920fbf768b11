"""Responses of a legacy server for modern clients, and the capabilities it offers."""

from msgspec import Raw

from ..jsonrpc import methods
from ..jsonrpc.members import Fields, members, members_or_empty, raw
from .request import mapping, plain
from .versions import LATEST_LEGACY, MODERN_VERSION

_COMPLETE = raw("complete")
_NEVER_FRESH = {"ttlMs": raw(0), "cacheScope": raw("private")}


def complete(method: str, result: Raw, server_info: Raw | None) -> Fields:
    """A result with what the modern revision asks of every one. Raises MalformedMessage.

    A legacy server says nothing about freshness, so nothing may be cached ("Caching", `ttlMs` 0).
    """
    fields = members({"result": result}, "result")
    fields.setdefault("resultType", _COMPLETE)
    if method in methods.CACHEABLE or method == methods.DISCOVER:
        fields = {**_NEVER_FRESH, **fields}
    if server_info is not None:
        meta = members_or_empty(fields, "_meta")
        meta.setdefault(methods.SERVER_INFO_KEY, server_info)
        fields["_meta"] = raw(meta)
    return fields


def discovery(initialized: Fields) -> Raw:
    """The result of `server/discover` for a result of `initialize`."""
    capabilities = members_or_empty(initialized, "capabilities")
    capabilities.pop("tasks", None)
    discovered: dict[str, object] = {
        "supportedVersions": [MODERN_VERSION, LATEST_LEGACY],
        "capabilities": capabilities,
    }
    if "instructions" in initialized:
        discovered["instructions"] = initialized["instructions"]
    return raw(discovered)


def error(failure: Raw) -> Raw:
    """A JSON-RPC error without the codes that the modern revision removed."""
    found = dict(mapping(plain(failure)))
    if found.get("code") != methods.RESOURCE_NOT_FOUND:
        return failure
    return raw({**found, "code": methods.INVALID_PARAMS})


def url_elicitations(failure: Raw) -> dict[str, object] | None:
    """The input requests that a URL_ELICITATION_REQUIRED error stands for; None for any other."""
    found = mapping(plain(failure))
    if found.get("code") != methods.URL_ELICITATION_REQUIRED:
        return None
    asked = mapping(found.get("data")).get("elicitations")
    return {
        f"url-{place}": {"method": "elicitation/create", "params": without_id(each)}
        for place, each in enumerate(asked if isinstance(asked, list) else ())
    }


def without_id(params: object) -> dict[str, object]:
    """The parameters of an elicitation in 2026-07-28: without `elicitationId`."""
    return {name: value for name, value in mapping(params).items() if name != "elicitationId"}


def input_required(requests: dict[str, object], state: str) -> Fields:
    """The result that asks the client for input; `state` "" for none."""
    required: dict[str, object] = {"resultType": "input_required", "inputRequests": requests}
    if state:
        required["requestState"] = state
    return {name: raw(value) for name, value in required.items()}
