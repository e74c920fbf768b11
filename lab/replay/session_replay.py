"""Replays the client of one recorded session against a server."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import Any

import msgspec

from lab.load import protocol
from lab.load.protocol import CallFailed, Request, decode, outcome_of
from lab.load.session import CLOSE_SECONDS, Session, Transport, ignore
from lab.load.streamable_http import StreamableHttp
from lab.recording.calls import Call, id_of
from lab.recording.recording_file import Entry, Event, Sender
from lab.replay.mapped_values import MappedValues, answer_to, body
from lab.replay.recorded_session import RecordedSession
from proxy.jsonrpc import methods
from proxy.telemetry.catalogue import Outcome
from proxy.translation.versions import Era

ParamsOf = Callable[[Call], dict[str, Any]]
"""The params of a call as they are sent, but for what is mapped."""
Pace = Callable[[float], Awaitable[None]]
"""Waits until a time of the recording."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A call of the recording, and its outcome in the replay; `reason` is why it is not ok."""

    call: Call
    outcome: Outcome
    reason: str = ""

    @property
    def differs(self) -> bool:
        """Whether the outcome is another one than in the recording."""
        return self.outcome is not self.call.outcome


class SessionReplay:
    """One session. A message is sent when all answers have come that came before it then."""

    def __init__(
        self,
        recorded: RecordedSession,
        transport: Transport,
        params_of: ParamsOf,
        on_replayed: Callable[[Replayed], None],
        *,
        timeout: float,
    ) -> None:
        """`timeout` is the longest that a call may take, in seconds."""
        self._recorded = recorded
        self._transport = transport
        self._params_of = params_of
        self._on_replayed = on_replayed
        self._timeout = timeout
        self._values = MappedValues()
        self._ids = count(2)  # A Session that initializes uses 1.
        self._answers = recorded.answers()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._replies: set[asyncio.Task[None]] = set()
        self._sent: dict[int, tuple[float, float]] = {}
        self._cancelled: set[int] = set()
        self._ending = False
        self._entries = dict(recorded.entries)

    def __repr__(self) -> str:
        return f"<SessionReplay {self._recorded.name} {self._transport!r} calls={len(self._tasks)}>"

    async def run(self, pace: Pace) -> None:
        """Replay it, and close the transport."""
        self._transport.observe(self._on_message)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._group = tasks
                await self._connect()
                for number, entry in self._recorded.entries:
                    await self._step(number, entry, pace)
                self._end()
        finally:
            self._transport.observe(ignore)
            for each in self._replies:
                each.cancel()
            await asyncio.gather(*self._replies, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._transport.close()

    async def _connect(self) -> None:
        """Connect, and initialize if the recording began within the session."""
        with suppress(CallFailed, TimeoutError):
            async with asyncio.timeout(self._timeout):
                if self._began_before:
                    await Session(lambda: self._transport, protocol.VERSIONS[0]).open()
                else:
                    await self._transport.connect()

    @property
    def _began_before(self) -> bool:
        first = next(iter(self._recorded.begun.values()), None)
        is_legacy = self._recorded.entries[0][1].era is Era.LEGACY
        return is_legacy and (first is None or first.method != methods.INITIALIZE)

    async def _step(self, number: int, entry: Entry, pace: Pace) -> None:
        if entry.sender is Sender.SERVER:
            call = self._recorded.ended.get(number)
            if call is not None:
                await asyncio.wait((self._tasks[call.begun],))
            return
        await pace(entry.time)
        if entry.event is Event.STREAM and isinstance(self._transport, StreamableHttp):
            self._transport.listen()
        message = entry.decoded()
        if message is None or not isinstance(message.get("method"), str):
            return
        if call := self._recorded.begun.get(number):
            self._tasks[number] = self._group.create_task(self._call(call, id_of(message)))
            await asyncio.sleep(0)  # It is sent before what follows.
        else:
            await self._notify(message, entry.time)

    async def _notify(self, message: dict[str, Any], time: float) -> None:
        method, params = message["method"], message.get("params")
        if isinstance(params, dict):
            params = self._values.params(params)
        if method == methods.CANCELLED and isinstance(params, dict):
            request = self._values.cancelled(params)
            if request is None:
                return
            began, sent = self._sent[request]
            # Else it would overtake the request.
            await asyncio.sleep(min(time - began, self._timeout) - (perf_counter() - sent))
            self._cancelled.add(request)
            params = {**params, "requestId": request}
        await self._send(method, body(method, params), params)

    async def _send(self, method: str, data: bytes, params: Any) -> None:
        with suppress(CallFailed, TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._transport.notify(Request(None, data, _headers(method, params)))

    async def _call(self, call: Call, recorded: bytes) -> None:
        number = next(self._ids)
        self._values.on_sent(recorded, number)
        self._sent[number] = self._entries[call.begun].time, perf_counter()
        params = self._values.params(self._params_of(call), number)
        request = Request(number, body(call.method, params, number), _headers(call.method, params))
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._transport.ask(request)
            outcome, reason = outcome_of(reply.answer)
            self._on_result(call, bytes(reply.answer.result))
        except TimeoutError:
            outcome, reason = Outcome.TIMEOUT, f"no answer within {self._timeout:g} s"
            if number in self._cancelled:
                outcome = Outcome.CANCELLED
        except CallFailed as failed:
            outcome, reason = failed.outcome, str(failed)
            # A cancelled request may get no answer: its stream just ends.
            if number in self._cancelled and outcome is Outcome.TRANSPORT_ERROR:
                outcome = Outcome.CANCELLED
        except asyncio.CancelledError:
            if not self._ending:
                raise
            outcome, reason = call.outcome, ""
        self._on_replayed(Replayed(call, outcome, reason))

    def _on_result(self, call: Call, result: bytes) -> None:
        """Take over what the server issued, such as cursors, and the negotiated version."""
        if not result:
            return
        new = msgspec.json.decode(result)
        if call.ended is not None:
            old = self._entries[call.ended].decoded() or {}
            self._values.on_result(old.get("result"), new)
        version = new.get("protocolVersion") if isinstance(new, dict) else None
        if call.method == methods.INITIALIZE and isinstance(version, str):
            self._transport.negotiated(version)

    def _on_message(self, data: bytes) -> None:
        """Answer a request of the server."""
        with suppress(CallFailed):
            if decode(data).id is None:
                return
            asked = msgspec.json.decode(data)
            answers = self._answers.get(asked["method"])
            answer = answer_to(asked, answers.pop(0) if answers else None)
            reply = asyncio.create_task(self._send("", answer, None))
            self._replies.add(reply)
            reply.add_done_callback(self._replies.discard)

    def _end(self) -> None:
        """Give up what the client gave up, and requests that last as long as a subscription."""
        self._ending = True
        for number, task in self._tasks.items():
            call = self._recorded.begun[number]
            if call.ended is None and (
                call.outcome is Outcome.CANCELLED or call.method == methods.LISTEN
            ):
                task.cancel()


def _headers(method: str, params: Any) -> Mapping[str, str]:
    """The HTTP headers of a message."""
    meta = params.get("_meta") if isinstance(params, dict) else None
    if isinstance(meta, dict) and methods.VERSION_KEY in meta:
        return protocol.modern_headers(method, params)
    return {}
