"""Outcomes of calls: the rules that classify an answer, and whose fault a failure is."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from .http.error_response import HttpError
from .jsonrpc.message import Message
from .telemetry.catalogue import Fault, Outcome
from .telemetry.vocabulary import ErrorType

# JSON-RPC 2.0 section 5.1, MCP's "resource not found", and what 2026-07-28 answers with HTTP 400:
# header mismatch, missing client capability, unsupported version. The caller asked for the wrong
# thing (GenAI semantic conventions, MCP: these are not errors of the server).
CALLER_CODES: Final = frozenset((-32700, -32600, -32601, -32602, -32002, -32020, -32021, -32022))

URL_ELICITATION_REQUIRED: Final = -32042
"""MCP 2025-11-25: the user is sent to a URL first, and the call then made again. Nothing failed."""


class CallOutcome(NamedTuple):
    """The outcome of a call, whose fault it is, and `error.type` ("" for none)."""

    outcome: Outcome
    fault: Fault
    error_type: str


OK: Final = CallOutcome(Outcome.OK, Fault.NONE, "")
TOOL_ERROR: Final = CallOutcome(Outcome.TOOL_ERROR, Fault.SERVER, ErrorType.TOOL_ERROR)
TIMED_OUT: Final = CallOutcome(Outcome.TIMEOUT, Fault.SERVER, ErrorType.TIMEOUT)
CLIENT_NOT_READING: Final = CallOutcome(Outcome.TIMEOUT, Fault.CALLER, ErrorType.TIMEOUT)
CANCELLED: Final = CallOutcome(Outcome.CANCELLED, Fault.CALLER, ErrorType.CANCELLED)
REJECTED: Final = CallOutcome(Outcome.REJECTED, Fault.CALLER, ErrorType.REJECTED)
TOO_MANY_IN_FLIGHT: Final = CallOutcome(Outcome.REJECTED, Fault.CALLER, "429")
DRAINING: Final = CallOutcome(Outcome.REJECTED, Fault.PROXY, ErrorType.REJECTED)
OVERLOADED: Final = CallOutcome(Outcome.REJECTED, Fault.PROXY, "503")
UNREACHABLE: Final = CallOutcome(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.CONNECTION)
EXITED: Final = CallOutcome(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.UPSTREAM_EXITED)
INVALID_RESPONSE: Final = CallOutcome(
    Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.MALFORMED_ANSWER
)


def classify(answer: Message) -> CallOutcome:
    """The outcome of a JSON-RPC answer. One that is readable but not JSON may fail clients."""
    if answer.error:
        code = answer.error.code
        if code == URL_ELICITATION_REQUIRED:
            return OK
        fault = Fault.CALLER if code in CALLER_CODES else Fault.SERVER
        return CallOutcome(Outcome.PROTOCOL_ERROR, fault, str(code))
    if answer.result and answer.result.is_error:
        return TOOL_ERROR
    return INVALID_RESPONSE if answer.malformed else OK


def classify_http(error: HttpError) -> CallOutcome:
    """The outcome on an HTTP answer that holds no JSON-RPC answer to the call."""
    if error.status < 400:
        return INVALID_RESPONSE._replace(fault=Fault.OPERATOR) if error.advice else INVALID_RESPONSE
    return CallOutcome(Outcome.TRANSPORT_ERROR, _fault(error), str(error.status))


def classify_unanswered(error: HttpError, messages: Sequence[Message]) -> CallOutcome:
    """The outcome on calls without an answer of their own in a complete HTTP answer.

    An error with a null id is meant for all of them: its sender could not read the request.
    """
    for message in messages:
        if message.id is None and message.error:
            return with_http_status(classify(message), error)
    return classify_http(error)


def with_http_status(outcome: CallOutcome, error: HttpError) -> CallOutcome:
    """The outcome on a JSON-RPC error in an HTTP answer: 4xx says that no fault is the server's."""
    if outcome.fault is not Fault.SERVER or not 400 <= error.status < 500:
        return outcome
    return outcome._replace(fault=_fault(error))


def _fault(error: HttpError) -> Fault:
    if error.advice:
        return Fault.OPERATOR
    return Fault.CALLER if error.status < 500 else Fault.SERVER
