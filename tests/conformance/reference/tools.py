"""The tools that answer without asking anything; `TOOLS` collects those of every file."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ServerEvent,
    ToolsListChanged,
)
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolRequestParams,
    CallToolResult,
    ClientCapabilities,
    ContentBlock,
    InputRequiredResult,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    PromptListChangedNotification,
    SamplingCapability,
    Tool,
    ToolListChangedNotification,
)

from tests.conformance.reference.content import document, picture, sound, text

Schema = dict[str, Any]
Context = ServerRequestContext[Any, Any]
Result = CallToolResult | InputRequiredResult

PAUSE_SECONDS = 0.05
"""Between two messages of a tool that reports progress; the scenarios ask for about that."""

NO_ARGUMENTS: Schema = {"type": "object", "properties": {}}

BUS = InMemorySubscriptionBus()
"""Carries changes of lists to the streams of `subscriptions/listen`."""


@dataclass(frozen=True, slots=True)
class Call:
    """One tools/call: where it came from, and its parameters."""

    context: Context
    params: CallToolRequestParams

    def argument(self, name: str) -> str:
        """A string argument, empty if it did not come."""
        return str((self.params.arguments or {}).get(name, ""))


Perform = Callable[[Call], Awaitable[Result]]

TOOLS: dict[str, tuple[Tool, Perform]] = {}


def tool(
    name: str, description: str, schema: Schema = NO_ARGUMENTS
) -> Callable[[Perform], Perform]:
    """Enter a tool in `TOOLS`."""

    def enter(perform: Perform) -> Perform:
        TOOLS[name] = (Tool(name=name, description=description, input_schema=schema), perform)
        return perform

    return enter


def said(*content: ContentBlock) -> CallToolResult:
    """A successful result."""
    return CallToolResult(content=list(content))


@tool("test_simple_text", "Returns a text")
async def simple_text(call: Call) -> Result:
    return said(text("This is a simple text response for testing."))


@tool("test_image_content", "Returns a picture")
async def image_content(call: Call) -> Result:
    return said(picture())


@tool("test_audio_content", "Returns a sound")
async def audio_content(call: Call) -> Result:
    return said(sound())


@tool("test_embedded_resource", "Returns a document")
async def embedded_resource(call: Call) -> Result:
    return said(document("test://embedded-resource", "This is an embedded resource content."))


@tool("test_multiple_content_types", "Returns a text, a picture and a document")
async def multiple_content_types(call: Call) -> Result:
    data = document(
        "test://mixed-content-resource", '{"test":"data","value":123}', "application/json"
    )
    return said(text("Multiple content types test:"), picture(), data)


@tool("test_error_handling", "Fails")
async def error_handling(call: Call) -> Result:
    words = text("This tool intentionally returns an error for testing")
    return CallToolResult(content=[words], is_error=True)


async def _log(context: Context, words: str) -> None:
    params = LoggingMessageNotificationParams(level="info", data=words)
    await context.session.send_notification(
        LoggingMessageNotification(params=params), context.request_id
    )


@tool("test_tool_with_logging", "Logs three messages while it runs")
async def tool_with_logging(call: Call) -> Result:
    await _log(call.context, "Tool execution started")
    await anyio.sleep(PAUSE_SECONDS)
    await _log(call.context, "Tool processing data")
    await anyio.sleep(PAUSE_SECONDS)
    await _log(call.context, "Tool execution completed")
    return said(text("Three messages were logged."))


@tool("test_logging_tool", "Logs a message if the request asks for messages")
async def logging_tool(call: Call) -> Result:
    if "io.modelcontextprotocol/logLevel" in (call.context.meta or {}):
        await _log(call.context, "A message was asked for")
    return said(text("Done."))


@tool("test_tool_with_progress", "Reports its progress in three steps")
async def tool_with_progress(call: Call) -> Result:
    for progress in (0, 50, 100):
        await call.context.session.report_progress(progress, 100)
        await anyio.sleep(PAUSE_SECONDS)
    return said(text("Three steps were taken."))


@tool("test_reconnection", "Closes the stream of its answer before it answers")
async def reconnection(call: Call) -> Result:
    if call.context.close_sse_stream is not None:
        await call.context.close_sse_stream()
    await anyio.sleep(2 * PAUSE_SECONDS)
    return said(text("The answer came after the stream was closed."))


@tool("test_missing_capability", "Refuses clients that do not offer sampling")
async def missing_capability(call: Call) -> Result:
    needed = ClientCapabilities(sampling=SamplingCapability())
    if not call.context.session.check_client_capability(needed):
        data = {"requiredCapabilities": needed.model_dump(by_alias=True, exclude_none=True)}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "sampling is needed", data)
    return said(text("Sampling is offered."))


async def _change(
    call: Call,
    event: ServerEvent,
    notification: ToolListChangedNotification | PromptListChangedNotification,
) -> Result:
    await BUS.publish(event)
    await call.context.session.send_notification(notification)
    return said(text("The change was announced."))


@tool("test_trigger_tool_change", "Announces a changed list of tools")
async def trigger_tool_change(call: Call) -> Result:
    return await _change(call, ToolsListChanged(), ToolListChangedNotification())


@tool("test_trigger_prompt_change", "Announces a changed list of prompts")
async def trigger_prompt_change(call: Call) -> Result:
    return await _change(call, PromptsListChanged(), PromptListChangedNotification())


_ADDRESS: Schema = {
    "$anchor": "addressDef",
    "type": "object",
    "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
}
_EVERY_KEYWORD: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"address": _ADDRESS},
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


@tool("json_schema_2020_12_tool", "Has a schema with many keywords", _EVERY_KEYWORD)
async def json_schema(call: Call) -> Result:
    return said(text("The schema is what matters."))


_REGION: Schema = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    "required": ["region"],
}


@tool("test_header_argument", "Has an argument that also travels as a header", _REGION)
async def header_argument(call: Call) -> Result:
    return said(text(f"The region is {call.argument('region')}."))
