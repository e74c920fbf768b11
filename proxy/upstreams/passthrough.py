"""A streamable HTTP upstream: writes the requests, keeps the open exchanges and sessions."""

from dataclasses import dataclass, field
from time import perf_counter

from ..calls.client_request import GONE_STATUS, Post, resumption
from ..calls.recorder import Books
from ..http import request
from ..http.head import ResponseHead
from ..http.pool import Pool
from ..http.request_policy import METHODS
from ..in_flight import MOST_GIVEN_UP, Call, Finished, Session
from ..jsonrpc.ids import spellings
from ..jsonrpc.message import NO_PARAMS, Message, RequestId
from ..memory_budget import Memory
from ..outcome import UNREACHABLE
from ..telemetry.vocabulary import ErrorType
from .initialize_probe import Trial
from .oauth_metadata import ResourceMetadata
from .passthrough_exchange import ACCEPTED, Exchange
from .pending_cancellations import Pending, Withdrawal, withdrawals
from .session_expiry import Leases

INITIALIZE = "initialize"
FORBIDDEN = frozenset((401, 403))
"""What a server answers to whom it wants to show another token, also to a DELETE."""
MOST_PARKED = 10_000
"""Streams that were cut and may be resumed; for one more the longest cut is given up."""


@dataclass(frozen=True, slots=True)
class HttpTerms:
    """How an HTTP upstream is spoken to: the target and header lines of every request, the limits.

    `patience` and `idle` are seconds, `message_limit` bytes. `metadata` is None where the proxy
    itself asks for tokens.
    """

    target: bytes
    fixed: bytes = field(repr=False)
    patience: float
    idle: float
    message_limit: int
    metadata: ResourceMetadata | None = None


class HttpUpstream:
    """Forwards each client request as one HTTP exchange; sessions are the upstream's own.

    Implements Upstream and Owner.
    """

    def __init__(self, terms: HttpTerms, pool: Pool, books: Books, memory: Memory) -> None:
        self.message_limit = terms.message_limit
        self._terms = terms
        self._pool = pool
        self._books = books
        self._account = memory.account()
        self._sessions = Leases(terms.idle)
        self._exchanges: set[Exchange] = set()
        self._calls: dict[tuple[str, RequestId], Exchange] = {}
        self._withdrawn = Pending()
        self._parked: dict[str, Session] = {}
        self._given_up: dict[tuple[str, RequestId], None] = {}
        self._draining = False
        self._starts = {method: self._start(method, b"") for method in METHODS}

    def __repr__(self) -> str:
        return f"<HttpUpstream {self._pool!r} open={len(self._exchanges)}>"

    def post(self, post: Post, trial: Trial | None = None) -> None:
        """`trial` judges the answer before it is passed on."""
        now = perf_counter()
        session = Session(self._terms.patience)
        session.begin(post.calls, post.since(now))
        if post.arrival.session:
            self._sessions.touch(post.arrival.session, now)
        self._forward(post, session, trial)

    def listen(self, post: Post) -> None:
        parked = self._parked.get(resumption(post, post.arrival.last_event))
        self._forward(post, parked or Session(self._terms.patience))

    def delete(self, post: Post) -> None:
        self._forward(post, Session(self._terms.patience))

    def tick(self, now: float) -> None:
        for exchange in tuple(self._exchanges):
            exchange.expire(now, self._terms.patience)
        for name, parked in tuple(self._parked.items()):
            self._end_parked(name, parked.overdue(now), 504)
        for abandoned in self._sessions.abandoned(now):
            self._end_session(abandoned, ErrorType.TIMEOUT)
        self._keep_within_memory()
        self._pool.prune()

    def _keep_within_memory(self) -> None:
        """Without room the longest answers are not read any more; they pass all the same."""
        kept = {each: each.kept for each in self._exchanges}
        left = sum(kept.values())
        while not self._account.hold(left):
            longest = max(kept, key=kept.__getitem__)
            longest.drop()
            left -= kept.pop(longest)

    async def probe(self) -> str:
        """Nobody waits for an answer of a server that is not there."""
        failure = await self._pool.probe()
        if failure:
            for name, parked in tuple(self._parked.items()):
                self._end_parked(name, parked.end(UNREACHABLE), 502)
        return failure

    def drain(self) -> None:
        """A parked call's client would have to come back by GET."""
        self._draining = True
        for name, parked in tuple(self._parked.items()):
            self._end_parked(name, parked.end(UNREACHABLE), 503)

    async def close(self) -> None:
        for exchange in tuple(self._exchanges):
            exchange.shut()
        self._pool.close()

    def finished(self, finished: Finished, status: int, waited: float) -> None:
        call = finished.call
        if call.session:
            self._calls.pop((call.session, call.id), None)
            if not call.answer_size:
                self._note_given_up(call)
        if self._withdrawn:
            finished = self._withdrawn.judge(finished)
        self._books.finished(finished, status, waited)

    def park(self, name: str, session: Session) -> tuple[Finished, ...]:
        if self._draining:
            return session.end(UNREACHABLE)
        if name not in self._parked and len(self._parked) >= MOST_PARKED:
            oldest = next(iter(self._parked))
            self._end_parked(oldest, self._parked[oldest].end(UNREACHABLE), 503)
        parked = self._parked.setdefault(name, Session(self._terms.patience))
        return session.hand_over(parked, perf_counter())

    def listens(self, session: str) -> bool:
        return session != "" and any(
            each.post.arrival.method == "GET" and each.post.arrival.session == session
            for each in self._exchanges
        )

    def heard_elsewhere(self, session: str, message: Message, size: int, now: float) -> None:
        """The SDKs' tokens for progress are the ids of their requests."""
        about = message.id if message.is_answer else (message.params or NO_PARAMS).progress_token
        for request_id in spellings(about):
            if (session, request_id) in self._given_up:
                return
            waiting = self._calls.get((session, request_id))
            if waiting is not None and not waiting.gone:
                waiting.take(message, size, now)
                return
        if (parked := self._parked.get(session)) is not None:
            effect = parked.receive(message, now)
            if isinstance(effect, Finished):
                effect.call.answer_size = size
                self._end_parked(session, (effect,), ACCEPTED)

    def unread_elsewhere(self, session: str, data: bytes, size: int) -> None:
        parked = self._parked.get(session)
        if parked is not None and (finished := parked.unreadable(data)):
            finished.call.answer_size = size
            self._end_parked(session, (finished,), ACCEPTED)

    def is_elsewhere(self, exchange: Exchange, request_id: object) -> bool:
        session = exchange.post.arrival.session
        keys = [(session, each) for each in spellings(request_id)] if session else ()
        calls = self._calls
        return any(
            each in self._given_up or calls.get(each, exchange) is not exchange for each in keys
        )

    def answered(self, exchange: Exchange, head: ResponseHead) -> None:
        arrival = exchange.post.arrival
        principal = exchange.post.principal
        if head.session is not None and initializes(exchange.post):
            self._open_session(head.session.decode("latin-1"), principal)
        elif head.status == 404 and arrival.session and arrival.method == "POST":
            self._books.owners.release(arrival.session)
            self._end_session(arrival.session, "404")
        elif principal and arrival.session and head.status < 300:
            self._books.owners.claim(arrival.session, principal)
        if self._withdrawn and head.status < 300:
            for each in withdrawals(exchange.post):
                self._withdraw(each)

    def refusal(self, exchange: Exchange, head: ResponseHead) -> bytes:
        metadata = self._terms.metadata
        if metadata is None or head.status not in FORBIDDEN:
            return head.forward
        return metadata.challenge(head.forward, exchange.post.arrival)

    def streams(self, more: int) -> None:
        self._books.ledger.streams += more

    def closed(self, exchange: Exchange) -> None:
        self._exchanges.discard(exchange)
        if self._withdrawn:
            self._withdrawn.end(exchange.post)
        if exchange.post.arrival.method == "DELETE":
            self._deleted(exchange)

    def _forward(self, post: Post, session: Session, trial: Trial | None = None) -> None:
        arrival = post.arrival
        exchange = Exchange(post, session, self)
        self._exchanges.add(exchange)
        if arrival.session:
            for call in post.calls:
                self._calls[arrival.session, call.id] = exchange
                self._given_up.pop((arrival.session, call.id), None)
        if len(post.messages) > len(post.calls) or arrival.method == "DELETE":
            self._withdrawn.begin(post)
        post.client.attach(exchange)
        start = self._starts[arrival.method]
        if arrival.query:
            start = self._start(arrival.method, arrival.query)
        block = b"%b%b%bcontent-length: %d\r\n\r\n%b" % (
            start, arrival.forward, post.context, len(post.body), post.body,
        )  # fmt: skip
        self._pool.exchange(exchange if trial is None else trial.before(exchange), block)
        exchange.sent()

    def _note_given_up(self, call: Call) -> None:
        """Take a late answer to the call for none to another."""
        if len(self._given_up) >= MOST_GIVEN_UP:
            del self._given_up[next(iter(self._given_up))]
        self._given_up[call.session, call.id] = None

    def _start(self, method: str, query: bytes) -> bytes:
        where = self._terms
        return request.start(method, request.target(where.target, query), where.fixed)

    def _withdraw(self, withdrawal: Withdrawal) -> None:
        """The server accepted that a client gives up a call, or all calls of its session."""
        session, request_id = withdrawal
        if request_id is None:
            for exchange in tuple(self._exchanges):
                if exchange.post.arrival.session == session:
                    exchange.give_up()
            return
        if (waiting := self._calls.get((session, request_id))) is not None:
            waiting.cancel(request_id)
        parked = self._parked.get(session)
        if parked is not None and (cancelled := parked.cancel(request_id, perf_counter())):
            self._end_parked(session, (cancelled,), GONE_STATUS)

    def _deleted(self, exchange: Exchange) -> None:
        """A client said that its session is over, and so it is, whatever the server made of it.

        Only one whom the server turns away has ended nothing. While the server may still have the
        session, it stays its owner's.
        """
        status = 0 if exchange.head is None else exchange.head.status
        session = exchange.post.arrival.session
        if 200 <= status < 300 or status == 404:
            self._books.owners.release(session)
        if status not in FORBIDDEN:
            self._end_session(session, "")

    def _open_session(self, session: str, principal: bytes) -> None:
        self._books.owners.claim(session, principal)
        if session not in self._sessions:
            forgotten = self._sessions.open(session, perf_counter())
            self._books.ledger.sessions += not forgotten

    def _end_parked(self, name: str, ended: tuple[Finished, ...], status: int) -> None:
        for finished in ended:
            self.finished(finished, status, perf_counter() - finished.call.asked)
        if not self._parked[name].busy:
            del self._parked[name]

    def _end_session(self, session: str, error_type: str) -> None:
        if session in self._parked:
            parked = self._parked[session]
            self._end_parked(session, parked.give_up(parked.calls, perf_counter()), GONE_STATUS)
        seconds = self._sessions.close(session, perf_counter())
        if seconds is not None:
            self._books.session_ended(seconds, error_type)


def initializes(post: Post) -> bool:
    """Whether the post opens a session."""
    return any(call.method == INITIALIZE for call in post.calls)
