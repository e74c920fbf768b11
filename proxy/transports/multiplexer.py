"""One server's messages shared out among many sessions, none of which knows of the others.

What a session asks gets an id and a progress token that no other has. `initialize` is answered by
the server once, and repeated to later sessions; so all agree on the first one's revision, and the
server knows the first one's capabilities only. What the server asks goes to the one session that
has a call in flight, or is the only one; else the server is told that nobody can be asked. Its
notifications go to every session, but progress and cancellation, which have one addressee.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from time import perf_counter

from msgspec import Raw

from .. import logs
from ..errors import MalformedMessage
from ..jsonrpc import codec, ids, methods
from ..jsonrpc.members import Fields, encode, inside, members, raw, take_apart
from ..jsonrpc.message import NO_META, NO_PARAMS, Message, RequestId
from ..outcome import REJECTED, Verdict
from ..translation import server_messages
from ..translation.request import Refused
from .base import Link, LinkOwner

LOG = logging.getLogger("proxy.hub")

BACKLOG_LIMIT = 8 * 1024 * 1024
"""Bytes that may wait for a session whose client reads slowly; one more message ends it."""
MOST_ASKED = 1000
"""Questions of the server that may wait for clients; one more is answered by an error."""
NOBODY = "no single session can be asked: the server is shared"
_NO_DISCOVERY = Refused(methods.METHOD_NOT_FOUND, "the server has a session that was initialized")


class Ticket:
    """A session's request at the server: under which id and token the session knows it."""

    __slots__ = ("id", "initializes", "key", "share", "token")

    def __init__(self, share: "Share", message: Message, fields: Fields) -> None:
        self.share = share
        self.id = fields["id"]
        self.key: RequestId = message.id  # type: ignore[assignment]  # a request has one
        self.initializes = message.method == methods.INITIALIZE
        self.token = ((message.params or NO_PARAMS).meta or NO_META).progress_token

    def __repr__(self) -> str:
        return f"<Ticket {bytes(self.id)!r} of {self.share!r}>"


class Share(Link):
    """One session's way to the shared server."""

    def __init__(self, hub: "Hub", owner: LinkOwner) -> None:
        self.exited = asyncio.Event()
        self.numbers: dict[RequestId, int] = {}
        self._hub = hub
        self._owner: LinkOwner | None = owner
        self._held: list[tuple[bytes, float]] = []
        self._held_bytes = 0
        self._paused = False

    def __repr__(self) -> str:
        return f"<Share open={len(self.numbers)} over={self._owner is None}>"

    @property
    def probing(self) -> bool:
        """Whether its owner asks the server which era it speaks."""
        return self._owner is not None and self._owner.probing

    def send(self, message: bytes, headers: bytes = b"") -> bool:
        if self._owner is None:
            return True
        return all([self._hub.take(self, each, data) for each, data in codec.split(message)])

    @property
    def held(self) -> int:
        return self._held_bytes

    def pause(self) -> None:
        """The server is read on, for the others; what comes is held, bounded."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        held, self._held = self._held, []
        self._held_bytes = 0
        for number, (message, arrived) in enumerate(held):
            if self._paused:
                self._held = held[number:] + self._held
                self._held_bytes = sum(len(each) for each, _ in self._held)
                return
            self.hear(message, arrived)

    def end(self) -> None:
        self._owner = None
        self._held.clear()
        self.exited.set()
        self._hub.leave(self)

    def kill(self) -> None:
        self.end()

    def hear(self, message: bytes, arrived: float) -> None:
        """A message of the server for this session."""
        owner = self._owner
        if owner is None:
            return
        if not self._paused:
            owner.link_message(message, arrived)
            return
        if self._held_bytes > BACKLOG_LIMIT:
            self.end()
            owner.link_ended(REJECTED, "the client reads too slowly")
            return
        self._held.append((message, arrived))
        self._held_bytes += len(message)

    def returned(self, request_id: RequestId, verdict: Verdict, reason: str) -> None:
        """The answer to a request is lost."""
        if self._owner is not None:
            self._owner.link_returned((request_id,), verdict, reason)

    def lose(self, verdict: Verdict, reason: str) -> None:
        """The server is gone; what it said before is not."""
        owner, held = self._owner, self._held
        self._held = []
        for message, arrived in held:
            if owner is not None:
                owner.link_message(message, arrived)
        self._owner = None
        self.exited.set()
        if owner is not None:
            owner.link_ended(verdict, reason)


class Hub(LinkOwner):
    """The sessions of one running server. `over` is set at its end.

    `on_end` hears of an end of the server before any session does. A server is asked for its era
    (`server/discover`) only while it has no session that its answer could harm; `unprobed` is set
    while nobody asks.
    """

    def __init__(self, on_end: Callable[[], None] = lambda: None) -> None:
        self.over = asyncio.Event()
        self.unprobed = asyncio.Event()
        self.unprobed.set()
        self._on_end = on_end
        self._probes: dict[int, Share] = {}
        self._held: list[tuple[Share, Message, bytes]] = []
        self.reason = ""
        self.spoke = False
        self._link: Link | None = None
        self._shares: set[Share] = set()
        self._tickets: dict[int, Ticket] = {}
        self._asked: dict[RequestId, Share] = {}
        self._last = 0
        self._greeting: Fields | None = None
        self._greeter = 0
        self._guests: list[Ticket] = []
        self._initialized = False

    def __repr__(self) -> str:
        return f"<Hub shares={len(self._shares)} open={len(self._tickets)}>"

    @property
    def probing(self) -> bool:
        return bool(self._probes)

    def carry(self, link: Link) -> None:
        """The way to the server is there."""
        self._link = link

    async def close(self) -> None:
        """End the server, which no session has any more."""
        self.over.set()
        self.unprobed.set()
        if self._link is not None:
            self._link.end()
            await self._link.exited.wait()

    def open(self, owner: LinkOwner) -> Share:
        """A new session's share."""
        share = Share(self, owner)
        self._shares.add(share)
        return share

    def take(self, share: Share, message: Message, data: bytes) -> bool:
        """Send a session's message on; False if the server does not take it."""
        try:
            return self._take(share, message, data)
        except MalformedMessage as error:  # Hardly JSON, and too long to be mended.
            if message.is_request:
                share.returned(message.id, REJECTED, str(error))  # type: ignore[arg-type]
            return True

    def _take(self, share: Share, message: Message, data: bytes) -> bool:
        if message.is_request:
            return self._take_request(share, message, take_apart(data))
        if message.is_answer:
            return self._take_answer(share, message, data)
        if message.method == methods.CANCELLED:
            return self._take_cancellation(share, message, take_apart(data))
        if message.method == methods.INITIALIZED:
            first, self._initialized = not self._initialized, True
            return self._send(data) if first else True
        return self._send(data)

    def leave(self, share: Share) -> None:
        """A session ended: the server need not work for it any more, nor wait for it."""
        self._shares.discard(share)
        self._guests = [each for each in self._guests if each.share is not share]
        self._held = [each for each in self._held if each[0] is not share]
        self._forget_probe(share)
        for number, ticket in tuple(self._tickets.items()):
            if ticket.share is share and not ticket.initializes:
                del self._tickets[number]
                params = {"requestId": number, "reason": "the client left"}
                self._send(
                    encode({"jsonrpc": "2.0", "method": methods.CANCELLED, "params": params})
                )
        for request_id in [each for each, asked in self._asked.items() if asked is share]:
            del self._asked[request_id]
            self._send(codec.error(request_id, codec.UPSTREAM_LOST, "the client left"))

    def link_message(self, data: bytes, arrived: float) -> None:
        try:
            parts = server_messages.each_of(
                data, lambda part: (server_messages.labels(part), server_messages.parted(part))
            )
        except MalformedMessage:
            logs.event(LOG, "not a message", logging.WARNING, bytes=len(data))
            return
        self.spoke = True
        for (message, fields), part in parts:
            if message.is_answer:
                self._hear_answer(message, fields, arrived)
            elif message.is_request:
                self._hear_request(message, part, arrived)
            elif message.method == methods.PROGRESS:
                self._hear_progress(message, fields, arrived)
            else:
                self._hear_notification(message, part, arrived)

    def link_returned(
        self, numbers: Sequence[RequestId] | None, verdict: Verdict, reason: str
    ) -> None:
        if numbers is None:
            numbers = tuple(self._tickets) if len(self._tickets) == 1 else ()
        for number in numbers:
            ticket = self._close(number)
            if ticket is None:
                continue
            guests: list[Ticket] = []
            if number == self._greeter:
                self._greeter, guests, self._guests = 0, self._guests, []
            for each in (ticket, *guests):
                each.share.returned(each.key, verdict, reason)

    def link_ended(self, verdict: Verdict, reason: str) -> None:
        self.reason = reason
        self.over.set()
        self.unprobed.set()
        self._on_end()
        shares, self._shares = self._shares, set()
        for share in shares:
            share.lose(verdict, reason)

    def _take_request(self, share: Share, message: Message, fields: Fields) -> bool:
        ticket = Ticket(share, message, fields)
        probes = share.probing and message.method == methods.DISCOVER
        if ticket.initializes and self._greet(ticket):
            return True
        if probes and self._spares(ticket, message, fields):
            return True
        number = self._last = self._last + 1
        sent = {**fields, "id": raw(number)}
        if ticket.token is not None:
            params = members(fields, "params")
            meta = {**members(params, "_meta"), "progressToken": raw(number)}
            sent["params"] = raw({**params, "_meta": meta})
        if not self._send(encode(sent)):
            return False
        self._tickets[number] = ticket
        share.numbers[ticket.key] = number
        if ticket.initializes:
            self._greeter = number
            self._forget_probe(share)
        if probes:
            self._probes[number] = share
            self.unprobed.clear()
        return True

    def _spares(self, ticket: Ticket, message: Message, fields: Fields) -> bool:
        """Whether the server is not asked for its era: a session of it tells, or will tell."""
        if self._greeting is not None:
            refusal = _NO_DISCOVERY.answer(ticket.id)
            asyncio.get_running_loop().call_soon(ticket.share.hear, refusal, perf_counter())
        elif self._greeter:
            self._held.append((ticket.share, message, encode(fields)))
        return bool(self._greeting or self._greeter)

    def _forget_probe(self, share: Share) -> None:
        """The share's owner waits no more for what the server speaks."""
        self._probes = {number: each for number, each in self._probes.items() if each is not share}
        if not self._probes:
            self.unprobed.set()

    def _greet(self, ticket: Ticket) -> bool:
        """Whether the server need not be asked: its answer is known, or on its way."""
        if self._greeting is not None:
            greeting = encode({**self._greeting, "id": ticket.id})
            loop = asyncio.get_running_loop()
            loop.call_soon(ticket.share.hear, greeting, perf_counter())
            return True
        if self._greeter:
            self._guests.append(ticket)
        return bool(self._greeter)

    def _take_answer(self, share: Share, message: Message, data: bytes) -> bool:
        """An answer to what the server asked this very session; of others it is dropped."""
        if self._asked.get(message.id) is not share:  # type: ignore[arg-type]
            return True
        del self._asked[message.id]  # type: ignore[arg-type]
        return self._send(data)

    def _take_cancellation(self, share: Share, message: Message, fields: Fields) -> bool:
        """Nobody waits for the answer any more, and a server need not give it."""
        number = share.numbers.get((message.params or NO_PARAMS).request_id)  # type: ignore[arg-type]
        if number is None or number == self._greeter:
            return True
        self._close(number)
        params = {**members(fields, "params"), "requestId": raw(number)}
        return self._send(encode({**fields, "params": params}))

    def _hear_answer(self, message: Message, fields: Fields, arrived: float) -> None:
        number = ids.stands_for(message.id, self._tickets)
        ticket = self._close(number)
        if ticket is None:
            self._hear_stray(message, fields, arrived)
            return
        if number == self._greeter:
            self._hear_greeting(message, fields, arrived)
        ticket.share.hear(encode({**fields, "id": ticket.id}), arrived)

    def _close(self, number: RequestId | None) -> Ticket | None:
        """A request at the server is over: whose it was."""
        ticket = self._tickets.pop(number, None)  # type: ignore[arg-type]
        if ticket is not None:
            if ticket.share.numbers.get(ticket.key) == number:
                del ticket.share.numbers[ticket.key]
            if number in self._probes:
                self._forget_probe(ticket.share)
        return ticket

    def _hear_stray(self, message: Message, fields: Fields, arrived: float) -> None:
        """An error that names no request there ever was is the only session's, if there is one."""
        late = 0 < (ids.number(message.id) or 0) <= self._last
        if message.error and not late and len(self._shares) == 1:
            [share] = self._shares
            share.hear(encode(fields), arrived)

    def _hear_greeting(self, message: Message, fields: Fields, arrived: float) -> None:
        """A refusal is no greeting: the next session may ask again."""
        self._greeter = 0
        if message.result and "result" in fields:
            self._greeting = fields
        guests, self._guests = self._guests, []
        for guest in guests:
            guest.share.hear(encode({**fields, "id": guest.id}), arrived)
        held, self._held = self._held, []
        for share, asked, data in held:
            if share.probing:
                self.take(share, asked, data)

    def _hear_request(self, message: Message, data: bytes, arrived: float) -> None:
        request_id: RequestId = message.id  # type: ignore[assignment]  # a request has one
        if message.method == methods.PING:
            self._send(encode({"jsonrpc": "2.0", "id": request_id, "result": {}}))
            return
        busy = {each.share for each in self._tickets.values() if not each.initializes}
        among = busy or self._shares
        if len(among) != 1 or len(self._asked) >= MOST_ASKED:
            self._send(codec.error(request_id, codec.UPSTREAM_LOST, NOBODY))
            return
        [share] = among
        self._asked[request_id] = share
        share.hear(data, arrived)

    def _hear_notification(self, message: Message, data: bytes, arrived: float) -> None:
        if message.method == methods.CANCELLED:
            asked = (message.params or NO_PARAMS).request_id
            share = self._asked.pop(asked, None)  # type: ignore[arg-type]
            if share is not None:
                share.hear(data, arrived)
        else:
            for share in tuple(self._shares):
                share.hear(data, arrived)

    def _hear_progress(self, message: Message, fields: Fields, arrived: float) -> None:
        number = (message.params or NO_PARAMS).progress_token
        ticket = self._tickets.get(number) if type(number) is int else None
        if ticket is None or ticket.token is None:
            return
        token: Raw = raw(ticket.token)
        params = {**inside(fields, "params"), "progressToken": token}
        ticket.share.hear(encode({**fields, "params": params}), arrived)

    def _send(self, message: bytes) -> bool:
        return self._link is not None and self._link.send(message)
