"""The tools that ask the client by results that require input, as from 2026-07-28.

Nothing is kept between two rounds: what a later round has to know travels in `request_state`,
which the server seals (`server.py`).
"""

from collections.abc import Mapping

from mcp_types import (
    ClientCapabilities,
    CreateMessageResult,
    ElicitationCapability,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    InputResponseRequestParams,
    ListRootsRequest,
    ListRootsResult,
    RootsCapability,
    SamplingCapability,
    TextContent,
)

from tests.conformance.reference.content import text
from tests.conformance.reference.questions import form, sampling, string
from tests.conformance.reference.tools import Call, Result, said, tool

_NAME = form("What is your name?", name=string())
_GREETING = sampling("Generate a greeting")
_THREE: Mapping[str, InputRequest] = {
    "user_name": _NAME,
    "greeting": _GREETING,
    "client_roots": ListRootsRequest(),
}
_CONFIRM = form("Please confirm", ok={"type": "boolean"})


def ask(questions: Mapping[str, InputRequest], state: str | None = None) -> InputRequiredResult:
    """The result that asks for input, by key."""
    return InputRequiredResult(input_requests=dict(questions), request_state=state)


def field_of(params: InputResponseRequestParams, key: str, field: str) -> str | None:
    """A field of the form that was answered under a key, None if it was not."""
    answer = (params.input_responses or {}).get(key)
    if not isinstance(answer, ElicitResult) or answer.content is None:
        return None
    value = answer.content.get(field)
    return None if value is None else str(value)


def _sampled(params: InputResponseRequestParams, key: str) -> str | None:
    answer = (params.input_responses or {}).get(key)
    if not isinstance(answer, CreateMessageResult):
        return None
    return answer.content.text if isinstance(answer.content, TextContent) else ""


def _roots(params: InputResponseRequestParams, key: str) -> str | None:
    answer = (params.input_responses or {}).get(key)
    if not isinstance(answer, ListRootsResult):
        return None
    return ", ".join(str(each.uri) for each in answer.roots)


@tool("test_input_required_result_elicitation", "Asks for a name and greets")
async def by_elicitation(call: Call) -> Result:
    name = field_of(call.params, "user_name", "name")
    return ask({"user_name": _NAME}) if name is None else said(text(f"Hello, {name}!"))


@tool("test_streaming_elicitation", "Asks for a name and greets, as the other one does")
async def by_streaming_elicitation(call: Call) -> Result:
    return await by_elicitation(call)


@tool("test_input_required_result_sampling", "Asks the client's model")
async def by_sampling(call: Call) -> Result:
    words = _sampled(call.params, "capital_question")
    if words is None:
        return ask({"capital_question": sampling("What is the capital of France?")})
    return said(text(words))


@tool("test_input_required_result_list_roots", "Asks for the client's roots")
async def by_roots(call: Call) -> Result:
    roots = _roots(call.params, "client_roots")
    return ask({"client_roots": ListRootsRequest()}) if roots is None else said(text(roots))


async def _confirmed(call: Call) -> Result:
    if field_of(call.params, "confirm", "ok") is None or call.params.request_state is None:
        return ask({"confirm": _CONFIRM}, "asked")
    return said(text("state-ok"))


@tool("test_input_required_result_request_state", "Asks, and requires its state back")
async def with_state(call: Call) -> Result:
    return await _confirmed(call)


@tool("test_input_required_result_tampered_state", "Asks, and requires its state back unchanged")
async def with_sealed_state(call: Call) -> Result:
    return await _confirmed(call)


@tool("test_input_required_result_multiple_inputs", "Asks for three things at once")
async def several_at_once(call: Call) -> Result:
    answers = (
        field_of(call.params, "user_name", "name"),
        _sampled(call.params, "greeting"),
        _roots(call.params, "client_roots"),
    )
    if None in answers:
        return ask(_THREE, "asked")
    return said(text(" / ".join(str(each) for each in answers)))


@tool("test_input_required_result_multi_round", "Asks for one thing after the other")
async def several_rounds(call: Call) -> Result:
    state = call.params.request_state
    name = field_of(call.params, "step1", "name")
    color = field_of(call.params, "step2", "color")
    if state is not None and color is not None:
        return said(text(f"{state} likes {color}."))
    if state is not None and name is not None:
        question = form("Step 2: What is your favorite color?", color=string())
        return ask({"step2": question}, name)
    return ask({"step1": form("Step 1: What is your name?", name=string())}, "nobody")


_CAPABILITIES: tuple[tuple[ClientCapabilities, str, InputRequest], ...] = (
    (ClientCapabilities(elicitation=ElicitationCapability()), "user_name", _NAME),
    (ClientCapabilities(sampling=SamplingCapability()), "greeting", _GREETING),
    (ClientCapabilities(roots=RootsCapability()), "client_roots", ListRootsRequest()),
)


@tool("test_input_required_result_capabilities", "Asks for what the client can give")
async def what_the_client_can(call: Call) -> Result:
    if call.params.input_responses:
        return said(text(", ".join(call.params.input_responses)))
    can = call.context.session.check_client_capability
    questions = {key: question for needs, key, question in _CAPABILITIES if can(needs)}
    return ask(questions) if questions else said(text("The client offers nothing."))
