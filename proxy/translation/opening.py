"""Finds out which era a server speaks, and opens a session if it has sessions.

2026-07-28, "stdio", Backward Compatibility: ask `server/discover` first; a DiscoverResult or a
recognized modern error means modern; any other error, or silence, means legacy.
"""

from collections.abc import Mapping
from enum import Enum, auto

from msgspec import Raw

from ..jsonrpc import methods
from ..jsonrpc.members import Fields, members, raw
from .effects import Effects, Failed, Opened, Send
from .request import mapping, notification, plain, request, text
from .versions import LATEST_LEGACY, LEGACY_VERSIONS, MODERN_VERSION, Era

PROBE_SECONDS = 10.0
"""How long a server may think about `server/discover` before it is taken for a legacy one."""

_NOBODY = raw({"name": "mcp-proxy", "version": "1"})
_NOTHING = raw({})


def modern_meta(client_info: Raw | None, capabilities: Raw | None) -> Fields:
    """The `_meta` of a modern request of that client."""
    return {
        methods.VERSION_KEY: raw(MODERN_VERSION),
        methods.CLIENT_INFO_KEY: client_info or _NOBODY,
        methods.CAPABILITIES_KEY: capabilities or _NOTHING,
    }


def speaks_modern(answer: Fields) -> bool | None:
    """Whether `server/discover` shows a modern server; None for one that is too new."""
    error = mapping(plain(answer.get("error")))
    if error.get("code") == methods.UNSUPPORTED_VERSION:
        offered = versions_in(mapping(error.get("data")), "supported")
        if MODERN_VERSION in offered:
            return True
        return False if offered & set(LEGACY_VERSIONS) else None
    if error:
        # Not by `in`: the code is whatever a server said, a list too, which has no hash.
        return any(error.get("code") == each for each in methods.MODERN_CODES)
    found = mapping(plain(answer.get("result")))
    return MODERN_VERSION in versions_in(found, "supportedVersions")


class _State(Enum):
    NEW = auto()
    PROBING = auto()
    INITIALIZING = auto()
    DONE = auto()


class Opening:
    """The first messages on a new channel. `known` is the server's era, if that is settled."""

    def __init__(
        self, known: Era | None, client_info: Raw | None, capabilities: Raw | None
    ) -> None:
        self._known = known
        self._client_info = client_info
        self._capabilities = capabilities
        self._state = _State.PROBING if known is None else _State.NEW

    def __repr__(self) -> str:
        return f"<Opening known={self._known} {self._state.name}>"

    @property
    def probing(self) -> bool:
        """Whether the server is still being probed."""
        return self._state is _State.PROBING

    def start(self) -> Effects:
        """The first messages."""
        if self._known is Era.MODERN:
            return self._opened(Era.MODERN, None)
        if self._known is Era.LEGACY:
            return self._greet()
        meta = modern_meta(self._client_info, self._capabilities)
        return [Send(request(methods.DISCOVER, methods.DISCOVER, {"_meta": meta}))]

    def give_up_probing(self) -> Effects:
        """The server is silent: it is a legacy one."""
        return self._greet() if self.probing else []

    def ended(self) -> None:
        """The server exited on the probe: it is a legacy one, and must be opened again."""
        self._known, self._state = Era.LEGACY, _State.NEW

    def receive(self, message: Fields) -> Effects:
        """Handle a message of the server; other messages are ignored."""
        asked = text(message.get("id"))
        if self._state is _State.DONE or "method" in message:
            return []
        if asked == methods.DISCOVER:
            return self._discovered(message)
        return self._initialized(message) if asked == methods.INITIALIZE else []

    def _discovered(self, answer: Fields) -> Effects:
        modern = speaks_modern(answer)
        if modern is None:
            return self._failed("the server speaks no protocol version that the proxy does")
        if modern:
            return self._opened(Era.MODERN, None)
        return [] if self._state is _State.INITIALIZING else self._greet()

    def _greet(self) -> Effects:
        self._state = _State.INITIALIZING
        params = {
            "protocolVersion": LATEST_LEGACY,
            "capabilities": self._capabilities or _NOTHING,
            "clientInfo": self._client_info or _NOBODY,
        }
        return [Send(request(methods.INITIALIZE, methods.INITIALIZE, params))]

    def _initialized(self, answer: Fields) -> Effects:
        error = mapping(plain(answer.get("error")))
        if error.get("code") == methods.UNSUPPORTED_VERSION and speaks_modern(answer):
            # A slow modern server: it took the probe that the proxy had given up.
            return self._opened(Era.MODERN, None)
        if error:
            reason = str(error.get("message"))
            return self._failed(f"the server refused to initialize: {reason:.200}")
        version = text(members(answer, "result").get("protocolVersion"))
        if version not in LEGACY_VERSIONS:
            return self._failed(f"the server speaks protocol version {version[:80]!r}")
        ready = Send(notification(methods.INITIALIZED))
        return [ready, *self._opened(Era.LEGACY, answer["result"])]

    def _opened(self, era: Era, result: Raw | None) -> Effects:
        self._state = _State.DONE
        return [Opened(era, result)]

    def _failed(self, reason: str) -> Effects:
        self._state = _State.DONE
        return [Failed(reason)]


def versions_in(holder: Mapping[str, object], name: str) -> set[str]:
    """The protocol versions that a member lists."""
    found = holder.get(name)
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()
