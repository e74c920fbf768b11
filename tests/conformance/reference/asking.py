"""The tools that ask the client by requests of their own, as up to 2025-11-25."""

import json

from mcp.shared.message import ServerMessageMetadata
from mcp_types import CreateMessageResult, ElicitRequest, ElicitResult, TextContent

from tests.conformance.reference.content import text
from tests.conformance.reference.questions import form, sampling, string
from tests.conformance.reference.tools import Call, Result, Schema, said, tool


def _takes(name: str) -> Schema:
    return {"type": "object", "properties": {name: string()}, "required": [name]}


def _related(call: Call) -> ServerMessageMetadata:
    """The request travels on the stream of the call's answer."""
    return ServerMessageMetadata(related_request_id=call.context.request_id)


async def _elicit(call: Call, request: ElicitRequest, prefix: str) -> Result:
    result = await call.context.session.send_request(request, ElicitResult, metadata=_related(call))
    content = json.dumps(result.content)
    return said(text(f"{prefix}: action={result.action}, content={content}"))


@tool("test_sampling", "Asks the client's model", _takes("prompt"))
async def sample(call: Call) -> Result:
    result = await call.context.session.send_request(
        sampling(call.argument("prompt")), CreateMessageResult, metadata=_related(call)
    )
    words = result.content.text if isinstance(result.content, TextContent) else ""
    return said(text(f"LLM response: {words}"))


@tool("test_elicitation", "Asks the user for a name and an address", _takes("message"))
async def elicit(call: Call) -> Result:
    request = form(
        call.argument("message"),
        username=string("User's response"),
        email=string("User's email address"),
    )
    return await _elicit(call, request, "User response")


@tool("test_elicitation_sep1034_defaults", "Asks with a default for every kind of field")
async def elicit_defaults(call: Call) -> Result:
    request = form(
        "Please look at the defaults",
        required=False,
        name={"type": "string", "default": "John Doe"},
        age={"type": "integer", "default": 30},
        score={"type": "number", "default": 95.5},
        status={
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        verified={"type": "boolean", "default": True},
    )
    return await _elicit(call, request, "Elicitation completed")


def _titled(prefix: str) -> list[Schema]:
    ordinals = ("First", "Second", "Third")
    return [
        {"const": f"value{number}", "title": f"{ordinal} {prefix}"}
        for number, ordinal in enumerate(ordinals, start=1)
    ]


@tool("test_elicitation_sep1330_enums", "Asks with every kind of enumeration")
async def elicit_enums(call: Call) -> Result:
    options = ["option1", "option2", "option3"]
    request = form(
        "Please choose",
        required=False,
        untitledSingle={"type": "string", "enum": options},
        titledSingle={"type": "string", "oneOf": _titled("Option")},
        legacyEnum={
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        untitledMulti={"type": "array", "items": {"type": "string", "enum": options}},
        titledMulti={"type": "array", "items": {"anyOf": _titled("Choice")}},
    )
    return await _elicit(call, request, "Elicitation completed")
