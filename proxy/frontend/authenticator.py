"""The authentication of clients, built from the settings."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from ..http.auth_settings import AuthSettings, FixedTokens, JwtSettings
from ..http.bearer import NO_AUTH, AnyToken, StaticTokens, TokenPolicy
from ..http.interfaces import TokenCheck
from ..http.request_policy import RequestInfo
from ..http.resource_metadata import NO_METADATA, Metadata, metadata

Spawn = Callable[[Coroutine[None, None, None]], object]


class Authenticator(Protocol):
    """Settings of the request policy, the authentication behind it, and its background tasks."""

    @property
    def access(self) -> TokenPolicy:
        """The access check that needs the head alone."""

    @property
    def metadata(self) -> Metadata:
        """The metadata with the address for getting a token."""

    def token_check(self, spawn: Spawn) -> TokenCheck | None:
        """Verifies the tokens of requests that the policy accepted; None if not needed."""

    @property
    def principal_of(self) -> Callable[[RequestInfo], str] | None:
        """The principal of an authenticated request, as a label; None if its head names it."""

    async def watch(self) -> None:
        """The background tasks."""


@dataclass(frozen=True, slots=True)
class StaticAuth(Authenticator):
    """Authentication by the request policy alone."""

    access: TokenPolicy
    metadata = NO_METADATA
    principal_of = None

    def token_check(self, spawn: Spawn) -> None:
        pass

    async def watch(self) -> None:
        pass


class JwtAuth:
    """A middleware decides, by keys that change; what it needs is loaded only where it is used.

    Implements Authenticator.
    """

    def __init__(self, config: JwtSettings, path: str) -> None:
        from .jwks import JwksRefresher, JwksSource
        from .token_verifier import TokenVerifier

        self._verifier = TokenVerifier(config)
        self._refresher = JwksRefresher(
            config.keys_url, self._verifier, JwksSource(config.keys_url)
        )
        self.metadata = metadata(config, path)
        self.access: TokenPolicy = AnyToken(self.metadata.url)
        self.principal_of = self._principal if config.principal_claim else None

    def token_check(self, spawn: Spawn) -> TokenCheck:
        from .jwt_middleware import JwtMiddleware

        return JwtMiddleware(self._verifier, self._refresher, self.metadata, spawn)

    def _principal(self, info: RequestInfo) -> str:
        return self._verifier.label(info.token)

    async def watch(self) -> None:
        await self._refresher.run()


def authenticator_for(settings: AuthSettings, path: str) -> Authenticator:
    """The authentication of clients at the endpoint with this path."""
    if isinstance(settings, JwtSettings):
        return JwtAuth(settings, path)
    return StaticAuth(
        StaticTokens(settings.tokens) if isinstance(settings, FixedTokens) else NO_AUTH
    )
