"""The door before the relay: opens to who shows a good JSON Web Token."""

from collections.abc import Callable, Coroutine
from time import time

from ..errors import InvalidToken, UnknownKey
from ..gate import Arrival
from ..refusal import Refusal
from ..transports.port import Client, Receiver
from ..wire import response
from .bearer import challenge
from .jwks import KeyWatch
from .jwts import Judge
from .metadata import Metadata


class Door:
    """Part of `transports.port.Receiver`. A known token costs one look-up.

    Whose token is signed by an unknown key waits while the keys are fetched, which `watch` bounds.
    `spawn` starts a task that somebody owns.
    """

    def __init__(
        self,
        within: Receiver,
        judge: Judge,
        watch: KeyWatch,
        metadata: Metadata,
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._within = within
        self._judge = judge
        self._watch = watch
        self._metadata = metadata
        self._spawn = spawn

    def __repr__(self) -> str:
        return f"<Door {self._judge!r} {self._within!r}>"

    def request(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        """Part of port.Receiver."""
        if self._judge.knows(arrival.token, time()):
            self._within.request(client, arrival, body, started)
        else:
            self._examine(client, arrival, body, started)

    def refuse(self, arrival: Arrival | None, status: int) -> None:
        """Part of port.Receiver."""
        self._within.refuse(arrival, status)

    def _examine(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        try:
            self._judge.admit(arrival.token)
        except UnknownKey:
            self._spawn(self._wait(client, arrival, body, started))
        except InvalidToken as error:
            self._turn_away(client, arrival, str(error))
        else:
            self._within.request(client, arrival, body, started)

    async def _wait(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        guest = _Guest()
        client.attach(guest)
        await self._watch.renew()
        if guest.gone:
            return
        try:
            self._judge.admit(arrival.token)
        except (UnknownKey, InvalidToken) as error:
            if self._watch.current:
                self._turn_away(client, arrival, str(error))
            else:
                self._answer(client, arrival, _CLOSED)
        else:
            self._within.request(client, arrival, body, started)

    def _turn_away(self, client: Client, arrival: Arrival, reason: str) -> None:
        self._answer(client, arrival, challenge(arrival.token, self._metadata.url, reason))

    def _answer(self, client: Client, arrival: Arrival, refusal: Refusal) -> None:
        head = response.start(refusal.status, response.TEXT, *refusal.headers)
        client.answer(head, refusal.reason.encode() + b"\n", refusal.status)
        self._within.refuse(arrival, refusal.status)


_CLOSED = Refusal(
    503, "the issuer's keys could not be fetched yet: try again", (response.RETRY_AFTER,)
)


class _Guest:
    """Whoever waits at the door; part of `transports.port.Visitor`."""

    gone = False

    def client_paused(self) -> None:
        """Part of port.Visitor. Nothing is being written."""

    def client_resumed(self) -> None:
        """Part of port.Visitor."""

    def client_gone(self) -> None:
        """Part of port.Visitor."""
        self.gone = True
