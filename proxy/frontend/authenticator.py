"""How clients come in, put together from the settings."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from ..http.auth_settings import AccessSettings, FixedTokens, JwtTerms
from ..http.bearer import ANYONE, Access, HoldersOf, HoldersOfAny
from ..http.interfaces import TokenCheck
from ..http.resource_metadata import NO_METADATA, Metadata, metadata

Spawn = Callable[[Coroutine[None, None, None]], object]


class Entrance(Protocol):
    """What the gate looks at, who judges what it lets pass, and what goes on beside."""

    @property
    def access(self) -> Access:
        """Who may call, by the head alone."""

    @property
    def metadata(self) -> Metadata:
        """What tells where to get a token."""

    def token_check(self, spawn: Spawn) -> TokenCheck | None:
        """Who judges the tokens of requests that the gate let pass, if anybody has to."""

    async def watch(self) -> None:
        """What has to be kept up to date."""


@dataclass(frozen=True, slots=True)
class ByHead(Entrance):
    """The gate alone decides."""

    access: Access
    metadata = NO_METADATA

    def token_check(self, spawn: Spawn) -> None:
        pass

    async def watch(self) -> None:
        pass


class ByJwt:
    """A door decides, by keys that change; what it needs is loaded only where it is used.

    Implements Entrance.
    """

    def __init__(self, terms: JwtTerms, path: str) -> None:
        from .jwks import KeySource, KeyWatch
        from .token_verifier import Judge

        self._judge = Judge(terms)
        self._watch = KeyWatch(terms.keys_url, self._judge, KeySource(terms.keys_url))
        self.metadata = metadata(terms, path)
        self.access: Access = HoldersOfAny(self.metadata.url)

    def token_check(self, spawn: Spawn) -> TokenCheck:
        from .jwt_middleware import Door

        return Door(self._judge, self._watch, self.metadata, spawn)

    async def watch(self) -> None:
        await self._watch.run()


def entrance_of(settings: AccessSettings, path: str) -> Entrance:
    """The entrance to the endpoint at `path`."""
    if isinstance(settings, JwtTerms):
        return ByJwt(settings, path)
    return ByHead(HoldersOf(settings.tokens) if isinstance(settings, FixedTokens) else ANYONE)
