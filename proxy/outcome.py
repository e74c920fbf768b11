"""What a call came to, and whose fault that is: the outcome rules, and nothing else."""

from collections.abc import Sequence
from typing import NamedTuple

from .http.error_response import HttpError
from .jsonrpc.message import Message
from .telemetry.catalogue import Fault, Outcome
from .telemetry.vocabulary import ErrorType

# JSON-RPC 2.0 section 5.1, MCP's "resource not found", and what 2026-07-28 answers with HTTP 400:
# header mismatch, missing client capability, unsupported version. The caller asked for the wrong
# thing (GenAI semantic conventions, MCP: these are no errors of the server).
CALLER_CODES = frozenset((-32700, -32600, -32601, -32602, -32002, -32020, -32021, -32022))

URL_ELICITATION_REQUIRED = -32042
"""MCP 2025-11-25: the user is sent to a URL first, and the call then made again. Nothing failed."""


class Verdict(NamedTuple):
    """What a call came to, whose fault that is, and `error.type` ("" for none)."""

    outcome: Outcome
    fault: Fault
    error_type: str


OK = Verdict(Outcome.OK, Fault.NONE, "")
TOOL_ERROR = Verdict(Outcome.TOOL_ERROR, Fault.SERVER, ErrorType.TOOL_ERROR)
TIMED_OUT = Verdict(Outcome.TIMEOUT, Fault.SERVER, ErrorType.TIMEOUT)
HELD_UP = Verdict(Outcome.TIMEOUT, Fault.CALLER, ErrorType.TIMEOUT)
CANCELLED = Verdict(Outcome.CANCELLED, Fault.CALLER, ErrorType.CANCELLED)
REJECTED = Verdict(Outcome.REJECTED, Fault.CALLER, ErrorType.REJECTED)
CROWDED = Verdict(Outcome.REJECTED, Fault.CALLER, "429")
DRAINING = Verdict(Outcome.REJECTED, Fault.PROXY, ErrorType.REJECTED)
SATURATED = Verdict(Outcome.REJECTED, Fault.PROXY, "503")
UNREACHABLE = Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.CONNECTION)
EXITED = Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.UPSTREAM_EXITED)
GARBLED = Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.MALFORMED_ANSWER)


def judge(answer: Message) -> Verdict:
    """The verdict on a JSON-RPC answer. One that is no JSON, but can be read, may fail clients."""
    if answer.error:
        code = answer.error.code
        if code == URL_ELICITATION_REQUIRED:
            return OK
        fault = Fault.CALLER if code in CALLER_CODES else Fault.SERVER
        return Verdict(Outcome.PROTOCOL_ERROR, fault, str(code))
    if answer.result and answer.result.is_error:
        return TOOL_ERROR
    return GARBLED if answer.malformed else OK


def judge_http(error: HttpError) -> Verdict:
    """The verdict on an HTTP answer that holds no JSON-RPC answer to the call."""
    if error.status < 400:
        return GARBLED._replace(fault=Fault.OPERATOR) if error.advice else GARBLED
    return Verdict(Outcome.TRANSPORT_ERROR, _fault(error), str(error.status))


def judge_rest(error: HttpError, messages: Sequence[Message]) -> Verdict:
    """The verdict on calls without an answer of their own in a complete HTTP answer.

    An error with a null id is meant for all of them: its sender could not read the request.
    """
    for message in messages:
        if message.id is None and message.error:
            return by_status(judge(message), error)
    return judge_http(error)


def by_status(verdict: Verdict, error: HttpError) -> Verdict:
    """The verdict on a JSON-RPC error in an HTTP answer: 4xx says that no fault is the server's."""
    if verdict.fault is not Fault.SERVER or not 400 <= error.status < 500:
        return verdict
    return verdict._replace(fault=_fault(error))


def _fault(error: HttpError) -> Fault:
    if error.advice:
        return Fault.OPERATOR
    return Fault.CALLER if error.status < 500 else Fault.SERVER
