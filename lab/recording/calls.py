"""The calls of a recording: each request of a client, with its outcome."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from lab.load.protocol import CallFailed, decode, outcome_of
from lab.recording.recording_file import Entry, Sender
from proxy.jsonrpc import methods
from proxy.telemetry.catalogue import Outcome


@dataclass(slots=True)
class Call:
    """A client's request, and its answer. `begun` and `ended` are indexes of entries.

    Without an answer, `ended` is None, and the outcome is timeout, or cancelled if the client said
    so, or what the HTTP status means.
    """

    session: str
    method: str
    params: dict[str, Any]
    begun: int
    outcome: Outcome = Outcome.TIMEOUT
    ended: int | None = None

    @property
    def tool(self) -> str | None:
        """The tool that it calls, if any."""
        name = self.params.get("name")
        return name if self.method == methods.TOOLS_CALL and isinstance(name, str) else None

    @property
    def name(self) -> str:
        """The method, with the tool or prompt that it names."""
        name = self.params.get("name")
        return f"{self.method} {name}" if isinstance(name, str) else self.method


def calls(entries: Iterable[Entry]) -> list[Call]:
    """The requests of the recording's clients, in order."""
    found: list[Call] = []
    pending: dict[tuple[str, bytes], Call] = {}
    for number, entry in enumerate(entries):
        message = entry.decoded()
        if entry.sender is Sender.SERVER:
            _end(pending, entry, message, number)
        elif message is not None and isinstance(method := message.get("method"), str):
            params = message.get("params")
            call = Call(entry.session, method, params if isinstance(params, dict) else {}, number)
            if message.get("id") is not None:
                found.append(call)
                pending[entry.session, id_of(message)] = call
            elif method == methods.CANCELLED:
                cancelled = pending.get((entry.session, id_of(call.params, "requestId")))
                if cancelled is not None:
                    cancelled.outcome = Outcome.CANCELLED
    return found


def _end(
    pending: dict[tuple[str, bytes], Call],
    entry: Entry,
    message: dict[str, Any] | None,
    number: int,
) -> None:
    if message is not None and "method" not in message:
        call = pending.pop((entry.session, id_of(message)), None)
        if call is not None:
            call.outcome, call.ended = outcome(bytes(entry.message), entry.status), number
    elif message is None and entry.id:
        call = pending.pop((entry.session, bytes(entry.id)), None)
        if call is not None:
            call.outcome, call.ended = status_outcome(entry.status), number


def id_of(message: dict[str, Any], member: str = "id") -> bytes:
    """An id as JSON, so that 1 and "1" differ."""
    return msgspec.json.encode(message.get(member))


def outcome(message: bytes, status: int = 0) -> Outcome:
    """That of a response; `status` is its HTTP status, if from 400 on."""
    try:
        answer = decode(message)
    except CallFailed as failed:
        return failed.outcome
    if answer.error is not None and status >= 500:
        return status_outcome(status)
    return outcome_of(answer)[0]


def status_outcome(status: int) -> Outcome:
    """What an HTTP response without a JSON-RPC answer means."""
    refused = 400 <= status < 500 or status == 503
    return Outcome.REJECTED if refused else Outcome.TRANSPORT_ERROR
