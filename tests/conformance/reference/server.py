"""The parts put together as one server of the official SDK."""

from typing import Any

from mcp import MCPError
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import ListenHandler
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    EmptyResult,
    ListToolsResult,
    PaginatedRequestParams,
    SetLevelRequestParams,
)

from tests.conformance.reference import asking, prompts, resources, rounds
from tests.conformance.reference.tools import BUS, TOOLS, Call, Context, Result

NAME = "conformance-reference"

TOOL_FILES = (asking, rounds)
"""Importing them entered their tools in `TOOLS`."""


async def list_tools(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
    """Answer tools/list."""
    return ListToolsResult(tools=[each for each, _ in TOOLS.values()])


async def call_tool(context: Context, params: CallToolRequestParams) -> Result:
    """Answer tools/call. Raises MCPError for a name that is not there."""
    if params.name not in TOOLS:
        raise MCPError(INVALID_PARAMS, f"no tool {params.name!r}")
    _, perform = TOOLS[params.name]
    return await perform(Call(context, params))


async def set_level(context: Context, params: SetLevelRequestParams) -> EmptyResult:
    """Answer logging/setLevel; every level is sent anyway."""
    return EmptyResult()


def reference() -> Server[Any]:
    """A server with everything that the suite asks for."""
    server: Server[Any] = Server(
        NAME,
        version="1.0.0",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        get_tool_input_schema=lambda name: TOOLS[name][0].input_schema if name in TOOLS else None,
        on_list_resources=resources.list_resources,
        on_list_resource_templates=resources.list_templates,
        on_read_resource=resources.read_resource,
        on_subscribe_resource=resources.subscribe,
        on_unsubscribe_resource=resources.unsubscribe,
        on_subscriptions_listen=ListenHandler(BUS),
        on_list_prompts=prompts.list_prompts,
        on_get_prompt=prompts.get_prompt,
        on_completion=prompts.complete,
    )
    server.add_request_handler("logging/setLevel", SetLevelRequestParams, set_level)
    sealed = RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=NAME)
    server.middleware.append(sealed)
    return server
