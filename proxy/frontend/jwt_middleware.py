"""Admits requests that carry a valid JSON Web Token."""

from collections.abc import Callable, Coroutine
from time import time

from ..errors import InvalidToken, UnknownKey
from ..http.bearer import challenge
from ..http.interfaces import PendingClient, TokenCheck
from ..http.rejection import HttpRejection
from ..http.request_policy import RequestInfo
from ..http.resource_metadata import Metadata
from ..telemetry.vocabulary import RejectionCause
from .jwks import JwksRefresher
from .token_verifier import TokenVerifier

_NO_KEYS = HttpRejection(
    RejectionCause.KEYS, 503, "the issuer's keys could not be fetched: try again"
)
_SUBSCRIBES = b"mcp-method: subscriptions/listen\r\n"


class JwtMiddleware(TokenCheck):
    """A known token costs one look-up.

    Whose token is signed by an unknown key waits while the keys are fetched, which `watch` bounds;
    nothing of the body is read meanwhile. `spawn` starts a task in the caller's group.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        refresher: JwksRefresher,
        metadata: Metadata,
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._verifier = verifier
        self._refresher = refresher
        self._metadata = metadata
        self._spawn = spawn

    def __repr__(self) -> str:
        return f"<JwtMiddleware {self._verifier!r}>"

    def check(self, client: PendingClient, info: RequestInfo) -> None:
        try:
            principal = self._principal(info.token)
        except UnknownKey:
            self._spawn(self._wait(client, info))
        except InvalidToken as error:
            self._reject(client, info, str(error))
        else:
            self._accept(client, info, principal)

    async def _wait(self, client: PendingClient, info: RequestInfo) -> None:
        await self._refresher.renew()
        try:
            principal = self._principal(info.token)
        except (UnknownKey, InvalidToken) as error:
            if self._refresher.current:
                self._reject(client, info, str(error))
            else:
                client.reject(_NO_KEYS)
        else:
            self._accept(client, info, principal)

    def _principal(self, token: bytes) -> bytes:
        """The principal of a token. Raises UnknownKey or InvalidToken."""
        return self._verifier.known(token, time()) or self._verifier.admit(token)

    def _accept(self, client: PendingClient, info: RequestInfo, principal: bytes) -> None:
        """Accept a request; a stream ends with its token, a request does not."""
        lasts = info.method == "GET" or _SUBSCRIBES in info.forward
        client.accept(principal, (lambda: self._holds(info.token)) if lasts else None)

    def _holds(self, token: bytes) -> bool:
        try:
            return bool(self._principal(token))
        except (UnknownKey, InvalidToken):
            return False

    def _reject(self, client: PendingClient, info: RequestInfo, reason: str) -> None:
        client.reject(challenge(info.token, self._metadata.url, reason))
