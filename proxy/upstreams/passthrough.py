"""A streamable HTTP upstream: writes the requests, keeps the open exchanges and sessions."""

from dataclasses import dataclass, field
from time import perf_counter

from ..calls.client_request import CLIENT_CLOSED_REQUEST, ClientRequest, resumption_key
from ..calls.recorder import CallRecorder
from ..http import request
from ..http.head import ResponseHead
from ..http.pool import Pool
from ..http.request_policy import METHODS
from ..in_flight import Call, Finished, InFlightCalls
from ..jsonrpc.ids import UnansweredIds, spellings
from ..jsonrpc.message import NO_PARAMS, Message, RequestId
from ..memory_budget import MemoryBudget
from ..outcome import UNREACHABLE
from ..telemetry.vocabulary import ErrorType
from .initialize_probe import InitializeProbe
from .oauth_metadata import ResourceMetadata
from .passthrough_exchange import ACCEPTED, PassthroughExchange
from .pending_cancellations import Cancellation, PendingCancellations, cancellations
from .session_expiry import SessionExpiry

FORBIDDEN = frozenset((401, 403))
"""What a server answers to whom it wants to show another token, also to a DELETE."""
MOST_PARKED = 10_000
"""Streams that were cut and may be resumed; for one more the longest cut is given up."""


@dataclass(frozen=True, slots=True)
class PassthroughConfig:
    """How an HTTP upstream is spoken to: the target and header lines of every request, the limits.

    `timeout` and `idle` are seconds, `message_limit` bytes. `metadata` is None where the proxy
    itself asks for tokens.
    """

    target: bytes
    fixed: bytes = field(repr=False)
    timeout: float
    idle: float
    message_limit: int
    metadata: ResourceMetadata | None = None


class PassthroughUpstream:
    """Forwards each client request as one HTTP exchange; sessions are the upstream's own.

    Implements Upstream and ExchangeOwner.
    """

    def __init__(
        self, config: PassthroughConfig, pool: Pool, recorder: CallRecorder, memory: MemoryBudget
    ) -> None:
        self.message_limit = config.message_limit
        self._config = config
        self._pool = pool
        self._recorder = recorder
        self._account = memory.account()
        self._sessions = SessionExpiry(config.idle)
        self._exchanges: dict[PassthroughExchange, None] = {}
        self._calls: dict[tuple[str, RequestId], PassthroughExchange] = {}
        self._cancelled = PendingCancellations()
        self._parked: dict[str, InFlightCalls] = {}
        self._unanswered = UnansweredIds()
        self._draining = False
        self._starts = {method: self._start(method, b"") for method in METHODS}

    def __repr__(self) -> str:
        return f"<PassthroughUpstream {self._pool!r} open={len(self._exchanges)}>"

    def post(self, client_request: ClientRequest, probe: InitializeProbe | None = None) -> None:
        """`probe` judges the answer before it is passed on."""
        now = perf_counter()
        session = InFlightCalls(self._config.timeout)
        session.begin(client_request.calls, client_request.since(now))
        if client_request.info.session:
            self._sessions.touch(client_request.info.session, now)
        self._forward(client_request, session, probe)

    def listen(self, client_request: ClientRequest) -> None:
        parked = self._parked.get(resumption_key(client_request, client_request.info.last_event))
        self._forward(client_request, parked or InFlightCalls(self._config.timeout))

    def delete(self, client_request: ClientRequest) -> None:
        self._forward(client_request, InFlightCalls(self._config.timeout))

    def tick(self, now: float) -> None:
        for exchange in tuple(self._exchanges):
            exchange.expire(now, self._config.timeout)
        for name, parked in tuple(self._parked.items()):
            self._end_parked(name, parked.overdue(now), 504)
        for abandoned in self._sessions.abandoned(now):
            self._end_session(abandoned, ErrorType.TIMEOUT)
        self._keep_within_memory()
        self._pool.prune()

    def _keep_within_memory(self) -> None:
        """Without room the longest answers are not read any more; they pass all the same.

        Of equally long ones that of the first request is not.
        """
        kept = {each: each.kept for each in self._exchanges}
        left = sum(kept.values())
        while not self._account.hold(left):
            longest = max(kept, key=kept.__getitem__)
            longest.drop()
            left -= kept.pop(longest)

    async def probe(self) -> str:
        """Calls do not wait for a server that cannot be reached."""
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
                self._unanswered.add(call.id, call.session)
        if self._cancelled.open:
            finished = self._cancelled.reclassify(finished)
        self._recorder.finish(finished, status, waited)

    def park(self, name: str, session: InFlightCalls) -> tuple[Finished, ...]:
        if self._draining:
            return session.end(UNREACHABLE)
        if name not in self._parked and len(self._parked) >= MOST_PARKED:
            oldest = next(iter(self._parked))
            self._end_parked(oldest, self._parked[oldest].end(UNREACHABLE), 503)
        parked = self._parked.setdefault(name, InFlightCalls(self._config.timeout))
        return session.hand_over(parked, perf_counter())

    def listens(self, session: str) -> bool:
        return session != "" and any(
            each.request.info.method == "GET" and each.request.info.session == session
            for each in self._exchanges
        )

    def on_other_stream(self, session: str, message: Message, size: int, now: float) -> None:
        """The SDKs' tokens for progress are the ids of their requests."""
        about = message.id if message.is_answer else (message.params or NO_PARAMS).progress_token
        for request_id in spellings(about):
            if self._unanswered.has(request_id, session):
                return
            waiting = self._calls.get((session, request_id))
            if waiting is not None and not waiting.over:
                waiting.on_message(message, size, now)
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

    def is_elsewhere(self, exchange: PassthroughExchange, request_id: object) -> bool:
        session = exchange.request.info.session
        return any(
            self._unanswered.has(each, session)
            or self._calls.get((session, each), exchange) is not exchange
            for each in (spellings(request_id) if session else ())
        )

    def answered(self, exchange: PassthroughExchange, head: ResponseHead) -> None:
        info = exchange.request.info
        principal = exchange.request.principal
        initialize = None if head.session is None else exchange.request.initialize
        if head.session is not None and initialize is not None:
            self._open_session(head.session.decode("latin-1"), principal, initialize)
        elif head.status == 404 and info.session and info.method == "POST":
            self._recorder.forget_session(info.session)
            self._end_session(info.session, "404")
        elif principal and info.session and head.status < 300:
            self._recorder.session_owners.claim(info.session, principal)
        if self._cancelled.open and head.status < 300:
            for each in cancellations(exchange.request):
                self._withdraw(each)

    def refusal(self, exchange: PassthroughExchange, head: ResponseHead) -> bytes:
        metadata = self._config.metadata
        if metadata is None or head.status not in FORBIDDEN:
            return head.forward
        return metadata.challenge(head.forward, exchange.request.info)

    def streams(self, more: int) -> None:
        self._recorder.ledger.streams += more

    def closed(self, exchange: PassthroughExchange) -> None:
        self._exchanges.pop(exchange, None)
        if self._cancelled.open:
            self._cancelled.end(exchange.request)
        if exchange.request.info.method == "DELETE":
            self._deleted(exchange)

    def _forward(
        self,
        client_request: ClientRequest,
        session: InFlightCalls,
        probe: InitializeProbe | None = None,
    ) -> None:
        info = client_request.info
        exchange = PassthroughExchange(client_request, session, self)
        self._exchanges[exchange] = None
        if info.session:
            for call in client_request.calls:
                self._calls[info.session, call.id] = exchange
                self._unanswered.remove(call.id, info.session)
        if len(client_request.messages) > len(client_request.calls) or info.method == "DELETE":
            self._cancelled.begin(client_request)
        client_request.client.attach(exchange)
        start = self._starts[info.method]
        if info.query:
            start = self._start(info.method, info.query)
        block = b"%b%b%bcontent-length: %d\r\n\r\n%b" % (
            start,
            info.forward,
            client_request.context,
            len(client_request.body),
            client_request.body,
        )
        asked = perf_counter()
        self._pool.send(exchange if probe is None else probe.before(exchange), block)
        exchange.sent(asked)

    def _start(self, method: str, query: bytes) -> bytes:
        where = self._config
        return request.start(method, request.target(where.target, query), where.fixed)

    def _withdraw(self, withdrawal: Cancellation) -> None:
        """The server accepted that a client gives up a call, or all calls of its session."""
        session, request_id = withdrawal
        if request_id is None:
            for exchange in tuple(self._exchanges):
                if exchange.request.info.session == session:
                    exchange.give_up()
            return
        if (waiting := self._calls.get((session, request_id))) is not None:
            waiting.cancel(request_id)
        parked = self._parked.get(session)
        if parked is not None and (cancelled := parked.cancel(request_id, perf_counter())):
            self._end_parked(session, (cancelled,), CLIENT_CLOSED_REQUEST)

    def _deleted(self, exchange: PassthroughExchange) -> None:
        """A client said that its session is over, and so it is, whatever the server made of it.

        Only one whom the server rejects has ended nothing. While the server may still have the
        session, it stays its owner's.
        """
        status = 0 if exchange.head is None else exchange.head.status
        session = exchange.request.info.session
        if 200 <= status < 300 or status == 404:
            self._recorder.forget_session(session)
        if status not in FORBIDDEN:
            self._end_session(session, "")

    def _open_session(self, session: str, principal: bytes, initialize: Call) -> None:
        self._recorder.session_opened(session, principal, initialize)
        if session not in self._sessions:
            forgotten = self._sessions.open(session, perf_counter())
            self._recorder.ledger.sessions += not forgotten

    def _end_parked(self, name: str, ended: tuple[Finished, ...], status: int) -> None:
        for finished in ended:
            self.finished(finished, status, perf_counter() - finished.call.sent_at)
        if not self._parked[name].busy:
            del self._parked[name]

    def _end_session(self, session: str, error_type: str) -> None:
        if session in self._parked:
            parked = self._parked[session]
            self._end_parked(
                session, parked.give_up(parked.calls, perf_counter()), CLIENT_CLOSED_REQUEST
            )
        seconds = self._sessions.close(session, perf_counter())
        if seconds is not None:
            self._recorder.session_ended(seconds, error_type)
