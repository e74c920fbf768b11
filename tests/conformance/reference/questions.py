"""What a server can ask a client: forms, samplings, roots."""

from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    SamplingMessage,
)

from tests.conformance.reference.content import text
from tests.conformance.reference.tools import Schema


def string(description: str | None = None) -> Schema:
    """The schema of a string field."""
    return {"type": "string"} | ({"description": description} if description else {})


def form(message: str, required: bool = True, **fields: Schema) -> ElicitRequest:
    """A form with a message; all of its fields are required, or none is."""
    schema: Schema = {"type": "object", "properties": fields}
    if required:
        schema["required"] = list(fields)
    params = ElicitRequestFormParams(message=message, requested_schema=schema)
    return ElicitRequest(params=params)


def sampling(prompt: str) -> CreateMessageRequest:
    """A wish for a short answer of the client's model."""
    message = SamplingMessage(role="user", content=text(prompt))
    return CreateMessageRequest(
        params=CreateMessageRequestParams(messages=[message], max_tokens=100)
    )
