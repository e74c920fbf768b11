"""How clients come in, put together from the settings."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from ..transports.port import TokenCheck
from .bearer import ANYONE, Access, HoldersOf, HoldersOfAny
from .metadata import NO_METADATA, Metadata, metadata
from .settings import AccessSettings, FixedTokens, JwtTerms

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
class ByHead:
    """The gate alone decides."""

    access: Access
    metadata = NO_METADATA

    def token_check(self, spawn: Spawn) -> None:
        """Part of Entrance."""

    async def watch(self) -> None:
        """Part of Entrance."""


class ByJwt:
    """A door decides, by keys that change; what it needs is loaded only where it is used."""

    def __init__(self, terms: JwtTerms, path: str) -> None:
        from .jwks import KeySource, KeyWatch
        from .jwts import Judge

        self._judge = Judge(terms)
        self._watch = KeyWatch(terms.keys_url, self._judge, KeySource(terms.keys_url))
        self.metadata = metadata(terms, path)
        self.access: Access = HoldersOfAny(self.metadata.url)

    def token_check(self, spawn: Spawn) -> TokenCheck:
        """Part of Entrance."""
        from .door import Door

        return Door(self._judge, self._watch, self.metadata, spawn)

    async def watch(self) -> None:
        """Part of Entrance."""
        await self._watch.run()


def entrance_of(settings: AccessSettings, path: str) -> Entrance:
    """The entrance to the endpoint at `path`."""
    if isinstance(settings, JwtTerms):
        return ByJwt(settings, path)
    return ByHead(HoldersOf(settings.tokens) if isinstance(settings, FixedTokens) else ANYONE)
