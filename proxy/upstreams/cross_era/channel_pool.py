"""Modern clients (2026-07-28) before any server over links: channels are opened, shared, and kept.

A modern server may serve all clients on one channel, since it keeps no state between requests. A
legacy server's session is one client's: it is shared only by requests that carry the same headers,
client information and capabilities.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Raw

from ...calls.client_request import Post, turn_away
from ...errors import MalformedMessage
from ...http import response
from ...http.head import Header
from ...in_flight import CANCELLED_METHOD, Finished
from ...jsonrpc import codec, methods
from ...jsonrpc.members import raw
from ...outcome import REJECTED, SATURATED, Verdict, judge
from ...telemetry.vocabulary import LinkState
from ...translation import headers, rules
from ...translation.effects import Changed
from ...translation.legacy_server import UNKNOWN_STATE
from ...translation.parameters import Parameters
from ...translation.request import NULL, Refused, Request, plain, text
from ...translation.versions import Era
from ..session_bridge import Terms
from ..session_limit import Places
from .shared_channel import Channel, Keeper
from .stateless_request import Visit

Owner = tuple[bytes, bytes, bytes]
EVERYBODY: Owner = (b"", b"", b"")
"""Who a modern server's channel belongs to."""


class ModernUpstream(Keeper):
    """The channels to one server. `era` is its era, None as long as that is to be found out.

    What was found out holds until a session cannot be opened by it, or, of a modern server, which
    answers the question at no cost, until the last channel is over. `on_unopened` hears of each
    session that could not be opened.
    """

    def __init__(
        self,
        terms: Terms,
        *,
        era: Era | None,
        idle: float,
        places: Places,
        on_unopened: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_unopened = on_unopened
        self._terms = terms
        self._idle = idle
        self._places = places
        self._channels: dict[Owner, list[Channel]] = {}
        self.parameters = Parameters()
        self._settled = era
        self.era = era

    def __repr__(self) -> str:
        return f"<ModernUpstream {self._terms.connector!r} era={self.era} {self._channels}>"

    def post(self, post: Post) -> None:
        refused = self._unfit(post)
        if refused is not None:
            self._refuse(post, refused, NULL)
        elif not post.calls:
            self._take_notification(post)
        else:
            self._take_request(post)

    def tick(self, now: float) -> None:
        for channel in self._each():
            channel.tick(now)
            if now - channel.idle_since > self._idle and not channel.over:
                self._end(channel)
        self._places.tick()

    def count_links(self, counts: Counter[LinkState]) -> None:
        for channel in self._each():
            counts[LinkState.OPENING if channel.link is None else LinkState.OPEN] += 1

    async def close(self) -> None:
        for channel in self._each():
            self._end(channel)
        await self._places.close()

    def opened(self, channel: Channel, waiting: list[Visit]) -> None:
        self.era = channel.era
        if self.era is Era.MODERN:
            self._forget(channel)
            self._channels.setdefault(EVERYBODY, []).append(channel)
        for visit in waiting:
            self._place(visit)

    def changed(self, channel: Channel, changed: Changed) -> None:
        """A client hears of what any of its sessions announces."""
        for together in self._channels.values():
            if channel in together:
                for each in tuple(together):
                    each.announce(changed)

    def channel_over(self, channel: Channel) -> None:
        self._forget(channel)
        self._places.leave(channel)
        if channel.era is None or (self.era is Era.MODERN and not self._channels):
            self.era = self._settled
        if channel.era is None:
            self._on_unopened()

    def status(self, verdict: Verdict) -> int:
        return self._terms.status(verdict)

    def reopen(self, channel: Channel) -> None:
        if channel.link is not None:
            self._places.end(channel.link)
        self._start(channel)

    def evict(self, channel: Channel) -> None:
        self._end(channel)

    def _each(self) -> list[Channel]:
        return [each for together in self._channels.values() for each in together]

    def _unfit(self, post: Post) -> Refused | None:
        if post.is_batch:
            return rules.NO_BATCH
        return rules.NO_ANSWERS if post.messages[0].is_answer else None

    def _take_notification(self, post: Post) -> None:
        """2026-07-28 has no notification of clients over HTTP: closing a stream is the cancel."""
        if post.messages[0].method == CANCELLED_METHOD:
            post.client.answer(response.start(202), b"", 202)
        else:
            reason = "2026-07-28 defines no such notification of clients over HTTP"
            self._refuse(post, Refused(methods.INVALID_REQUEST, reason), NULL)

    def _take_request(self, post: Post) -> None:
        try:
            request = Request(post.body)
        except MalformedMessage as error:
            self._refuse(post, Refused(methods.INVALID_PARAMS, str(error)), raw(post.calls[0].id))
            return
        broken = self._broken(request, headers.split(post.arrival.forward))
        if broken is not None:
            self._refuse(post, broken, request.id)
        elif request.method == methods.LISTEN and not post.arrival.accepts_events:
            reason = "subscriptions need Accept: text/event-stream"
            turn_away(post, self._terms.books, 406, reason, REJECTED)
        else:
            self._place(Visit(post, request, self._terms.books, self._terms.patience))

    def _broken(self, request: Request, given: Sequence[Header]) -> Refused | None:
        """The first rule that a request breaks, whatever the server."""
        if request.method == methods.INITIALIZE:
            return rules.NO_SUCH_METHOD
        broken = rules.broken(request, given)
        if broken is not None or request.method != methods.CALL_TOOL:
            return broken
        arguments = plain(request.params.get("arguments"))
        return self.parameters.mismatch(text(request.params.get("name")), arguments, given)

    def _place(self, visit: Visit) -> None:
        """Find a channel for a request, or open one."""
        request = visit.request
        state = text(request.params.get("requestState"))
        refused = rules.unspoken(request) if self.era is Era.LEGACY else None
        if visit.over:
            return
        if refused is not None:
            visit.refuse(refused)
        elif state and self.era is Era.LEGACY:
            self._resume(visit, state)
        else:
            self._serve(visit)

    def _resume(self, visit: Visit, state: str) -> None:
        together = self._channels.get(visit.owner, ())
        channel = next((each for each in together if each.knows(state)), None)
        refused = UNKNOWN_STATE if channel is None else channel.resume(visit)
        if refused is not None:
            visit.refuse(refused)

    def _serve(self, visit: Visit) -> None:
        owner = EVERYBODY if self.era is Era.MODERN else visit.owner
        together = self._channels.get(owner, ())
        channel = next((each for each in together if each.can_take(visit.request)), None)
        if channel is not None:
            channel.take(visit)
        else:
            self._open(owner, visit)

    def _open(self, owner: Owner, visit: Visit) -> None:
        terms = self._terms
        channel = Channel(visit, self.era, self, terms.patience, terms.memory)
        if self._places.take(channel):
            self._channels.setdefault(owner, []).append(channel)
            self._start(channel)
        else:
            visit.fail(503, self._places.refusal(), SATURATED)

    def _start(self, channel: Channel) -> None:
        start = partial(channel.start, self._terms.connector)
        self._terms.spawn(self._places.open(channel, start))

    def _end(self, channel: Channel) -> None:
        self._forget(channel)
        channel.end()
        self._places.leave(channel)

    def _forget(self, channel: Channel) -> None:
        for owner, together in tuple(self._channels.items()):
            if channel in together:
                together.remove(channel)
            if not together:
                del self._channels[owner]

    def _refuse(self, post: Post, refused: Refused, request_id: Raw) -> None:
        message = refused.answer(request_id)
        status = rules.STATUS.get(refused.code, 200)
        post.client.answer(response.start(status, response.JSON), message, status)
        verdict = judge(codec.decode(message))
        for call in post.calls:
            self._terms.books.finished(Finished(call, verdict), status, 0.0)
