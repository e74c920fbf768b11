"""The rules for a modern client's POST, where the proxy responds for the server."""

from collections.abc import Iterable

from ..errors import MalformedMessage
from ..http.head import Header
from ..jsonrpc import methods
from ..jsonrpc.members import members
from . import headers
from .request import JsonRpcError, Request, plain, text
from .versions import LATEST_LEGACY, MODERN_VERSION

STATUS = {
    -32700: 400,
    methods.INVALID_REQUEST: 400,
    methods.INVALID_PARAMS: 400,
    methods.HEADER_MISMATCH: 400,
    methods.MISSING_CAPABILITY: 400,
    methods.UNSUPPORTED_VERSION: 400,
    methods.METHOD_NOT_FOUND: 404,
}
"""The HTTP status of an error answer that is not on a stream; 200 for any other code."""

NO_SUCH_METHOD = JsonRpcError(methods.METHOD_NOT_FOUND, "2026-07-28 has no such method")
NO_BATCH = JsonRpcError(methods.INVALID_REQUEST, "one request or notification is sent at a time")
NO_ANSWERS = JsonRpcError(
    methods.INVALID_REQUEST, "a client sends no responses: it sends its request again"
)


def broken(request: Request, given: Iterable[Header]) -> JsonRpcError | None:
    """The first rule that a request breaks; None if it breaks none."""
    return _incomplete(request) or headers.mismatch(request, version_of(request), given)


def unspoken(request: Request) -> JsonRpcError | None:
    """Whether the request asks for a revision that the proxy does not translate."""
    version = version_of(request)
    if version == MODERN_VERSION:
        return None
    data = {"supported": [MODERN_VERSION, LATEST_LEGACY], "requested": version}
    return JsonRpcError(methods.UNSUPPORTED_VERSION, "Unsupported protocol version", data)


def version_of(request: Request) -> str:
    """The protocol version in the body."""
    return text(request.meta.get(methods.VERSION_KEY))


def _incomplete(request: Request) -> JsonRpcError | None:
    required = {methods.VERSION_KEY: str, methods.CAPABILITIES_KEY: dict}
    wrong = [
        name
        for name, kind in required.items()
        if not isinstance(plain(request.meta.get(name)), kind)
    ]
    if wrong:
        return JsonRpcError(methods.INVALID_PARAMS, f"params._meta lacks {', '.join(wrong)}")
    level = request.meta.get(methods.LOG_LEVEL_KEY)
    if level is not None and text(level) not in methods.LOG_LEVELS:
        levels = ", ".join(sorted(methods.LOG_LEVELS))
        return JsonRpcError(
            methods.INVALID_PARAMS, f"{methods.LOG_LEVEL_KEY} is not one of {levels}"
        )
    return _misshapen_input(request)


def _misshapen_input(request: Request) -> JsonRpcError | None:
    try:
        members(request.params, "inputResponses")
    except MalformedMessage as error:
        return JsonRpcError(methods.INVALID_PARAMS, f"params.inputResponses: {error}")
    return None
