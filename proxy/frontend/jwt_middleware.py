"""The door at the head of each request: opens to who shows a good JSON Web Token."""

from collections.abc import Callable, Coroutine
from time import time

from ..errors import InvalidToken, UnknownKey
from ..http.bearer import challenge
from ..http.interfaces import Applicant, TokenCheck
from ..http.rejection import Refusal
from ..http.request_policy import Arrival
from ..http.resource_metadata import Metadata
from ..telemetry.vocabulary import Cause
from .jwks import KeyWatch
from .token_verifier import Judge

_CLOSED = Refusal(Cause.KEYS, 503, "the issuer's keys could not be fetched: try again")
_SUBSCRIBES = b"mcp-method: subscriptions/listen\r\n"


class Door(TokenCheck):
    """A known token costs one look-up.

    Whose token is signed by an unknown key waits while the keys are fetched, which `watch` bounds;
    nothing of the body is read meanwhile. `spawn` starts a task that somebody owns.
    """

    def __init__(
        self,
        judge: Judge,
        watch: KeyWatch,
        metadata: Metadata,
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._judge = judge
        self._watch = watch
        self._metadata = metadata
        self._spawn = spawn

    def __repr__(self) -> str:
        return f"<Door {self._judge!r}>"

    def check(self, applicant: Applicant, arrival: Arrival) -> None:
        try:
            principal = self._principal(arrival.token)
        except UnknownKey:
            self._spawn(self._wait(applicant, arrival))
        except InvalidToken as error:
            self._turn_away(applicant, arrival, str(error))
        else:
            self._let_in(applicant, arrival, principal)

    async def _wait(self, applicant: Applicant, arrival: Arrival) -> None:
        await self._watch.renew()
        try:
            principal = self._principal(arrival.token)
        except (UnknownKey, InvalidToken) as error:
            if self._watch.current:
                self._turn_away(applicant, arrival, str(error))
            else:
                applicant.reject(_CLOSED)
        else:
            self._let_in(applicant, arrival, principal)

    def _principal(self, token: bytes) -> bytes:
        """Who shows the token. Raises UnknownKey or InvalidToken."""
        return self._judge.known(token, time()) or self._judge.admit(token)

    def _let_in(self, applicant: Applicant, arrival: Arrival, principal: bytes) -> None:
        """A request may take as long as it takes, but a stream ends with its token."""
        lasts = arrival.method == "GET" or _SUBSCRIBES in arrival.forward
        applicant.accept(principal, (lambda: self._holds(arrival.token)) if lasts else None)

    def _holds(self, token: bytes) -> bool:
        try:
            return bool(self._principal(token))
        except (UnknownKey, InvalidToken):
            return False

    def _turn_away(self, applicant: Applicant, arrival: Arrival, reason: str) -> None:
        applicant.reject(challenge(arrival.token, self._metadata.url, reason))
