"""A session at the server with its own transport, opened on demand."""

import asyncio
from enum import Enum, auto
from math import inf
from time import perf_counter

from ..memory_budget import MemoryBudget
from ..outcome import CallOutcome
from ..transports.base import Connector, Transport, TransportListener, Unreachable


class State(Enum):
    """The state of the transport. OPEN may be followed by OPENING, CLOSED by nothing."""

    NEW = auto()
    """None is needed yet."""
    OPENING = auto()
    """It is being opened, or will be once there is room for the session."""
    OPEN = auto()
    """Messages can be sent."""
    CLOSED = auto()
    """The session is over, and its transport ends."""


class TransportSession(TransportListener):
    """The base of sessions. `client` is whose it is; `last_activity` is a time of `perf_counter`.

    With `evict` and `in_use` a subclass implements LimitedSession.
    """

    def __init__(self, client: bytes, memory: MemoryBudget) -> None:
        self.client = client
        self.gone = asyncio.Event()
        self.last_activity = perf_counter()
        self._state = State.NEW
        self._transport: Transport | None = None
        self._account = memory.account(client)

    @property
    def state(self) -> State:
        return self._state

    @property
    def over(self) -> bool:
        """Whether it is closed."""
        return self._state is State.CLOSED

    @property
    def transport(self) -> Transport | None:
        """Also that of a closed session, while it ends."""
        return self._transport

    @property
    def in_use(self) -> bool:
        """Whether a client waits for something now, so that the session is not idle."""
        raise NotImplementedError

    @property
    def idle_since(self) -> float:
        if self.over:
            return -inf
        return inf if self.in_use else self.last_activity

    def enter(self, state: State) -> None:
        """Set the state of the transport; a closed session stays closed."""
        if not self.over:
            self._state = state

    async def _connect(
        self, connector: Connector, headers: bytes, query: bytes
    ) -> Transport | None:
        """Open the transport; None if the session is over instead.

        `headers` and the `query` of a client's target go with it, where they can.
        """
        try:
            transport = await connector.connect(self, headers, query)
        except Unreachable as error:
            self._fail(error.outcome, str(error))
            return None
        self._transport = transport
        if self.over:
            transport.kill()
            await transport.exited.wait()
            return None
        self.enter(State.OPEN)
        return transport

    def _fail(self, outcome: CallOutcome, reason: str) -> None:
        """Close because the server did, or cannot be reached."""
        raise NotImplementedError

    def _mark_closed(self) -> None:
        self._state = State.CLOSED
        self._account.close()
