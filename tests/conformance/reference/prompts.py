"""The prompts."""

from collections.abc import Callable

from mcp import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    ContentBlock,
    GetPromptRequestParams,
    GetPromptResult,
    InputRequiredResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
)

from tests.conformance.reference.content import document, picture, text
from tests.conformance.reference.questions import form, string
from tests.conformance.reference.rounds import ask, field_of
from tests.conformance.reference.tools import Context

Result = GetPromptResult | InputRequiredResult
Build = Callable[[GetPromptRequestParams], Result]

WORDS = ("paris", "park", "party", "test", "testing")
"""What arguments are completed to."""


def _user(*content: ContentBlock) -> GetPromptResult:
    return GetPromptResult(messages=[PromptMessage(role="user", content=each) for each in content])


def _argument(params: GetPromptRequestParams, name: str) -> str:
    return (params.arguments or {}).get(name, "")


def _simple(params: GetPromptRequestParams) -> Result:
    return _user(text("This is a simple prompt for testing."))


def _with_arguments(params: GetPromptRequestParams) -> Result:
    first, second = _argument(params, "arg1"), _argument(params, "arg2")
    return _user(text(f"Prompt with arguments: arg1='{first}', arg2='{second}'"))


def _with_document(params: GetPromptRequestParams) -> Result:
    content = document(_argument(params, "resourceUri"), "Embedded resource content for testing.")
    return _user(content, text("Please process the embedded resource above."))


def _with_picture(params: GetPromptRequestParams) -> Result:
    return _user(picture(), text("Please analyze the image above."))


def _with_input(params: GetPromptRequestParams) -> Result:
    context = field_of(params, "user_context", "context")
    if context is None:
        return ask({"user_context": form("What context should the prompt use?", context=string())})
    return _user(text(f"The context is {context}."))


def _prompt(name: str, description: str, *arguments: str) -> Prompt:
    return Prompt(
        name=name,
        description=description,
        arguments=[
            PromptArgument(name=each, description=f"The {each}", required=True)
            for each in arguments
        ],
    )


_PROMPTS: tuple[tuple[Prompt, Build], ...] = (
    (_prompt("test_simple_prompt", "A text"), _simple),
    (
        _prompt("test_prompt_with_arguments", "A text with two words", "arg1", "arg2"),
        _with_arguments,
    ),
    (
        _prompt("test_prompt_with_embedded_resource", "A document", "resourceUri"),
        _with_document,
    ),
    (_prompt("test_prompt_with_image", "A picture"), _with_picture),
    (_prompt("test_input_required_result_prompt", "A text about what is asked"), _with_input),
)
_BUILDERS = {prompt.name: build for prompt, build in _PROMPTS}


async def list_prompts(
    context: Context, params: PaginatedRequestParams | None
) -> ListPromptsResult:
    """Answer prompts/list."""
    return ListPromptsResult(prompts=[prompt for prompt, _ in _PROMPTS])


async def get_prompt(context: Context, params: GetPromptRequestParams) -> Result:
    """Answer prompts/get. Raises MCPError for a name that is not there."""
    build = _BUILDERS.get(params.name)
    if build is None:
        raise MCPError(INVALID_PARAMS, f"no prompt {params.name!r}")
    return build(params)


async def complete(context: Context, params: CompleteRequestParams) -> CompleteResult:
    """Answer completion/complete."""
    values = [each for each in WORDS if each.startswith(params.argument.value)]
    return CompleteResult(completion=Completion(values=values, total=len(values), has_more=False))
