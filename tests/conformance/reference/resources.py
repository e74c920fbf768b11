"""The resources: two that stand still, one that may be watched, and a template."""

import base64
import json
import re
from collections.abc import Callable

from mcp import MCPError
from mcp_types import (
    INVALID_PARAMS,
    BlobResourceContents,
    EmptyResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    SubscribeRequestParams,
    TextResourceContents,
    UnsubscribeRequestParams,
)

from tests.conformance.reference.content import red_pixel
from tests.conformance.reference.tools import Context

Contents = TextResourceContents | BlobResourceContents

_TEMPLATE = ResourceTemplate(
    uri_template="test://template/{id}/data",
    name="Template",
    description="Data of an id",
    mime_type="application/json",
)
_TEMPLATE_URI = re.compile(r"test://template/([^/]+)/data")


def _resource(uri: str, name: str, description: str, mime_type: str) -> Resource:
    return Resource(uri=uri, name=name, description=description, mime_type=mime_type)


def _static_text(uri: str) -> Contents:
    words = "This is the content of the static text resource."
    return TextResourceContents(uri=uri, mime_type="text/plain", text=words)


def _static_binary(uri: str) -> Contents:
    blob = base64.b64encode(red_pixel()).decode()
    return BlobResourceContents(uri=uri, mime_type="image/png", blob=blob)


def _watched(uri: str) -> Contents:
    return TextResourceContents(uri=uri, mime_type="text/plain", text="It never changes.")


def _of_template(uri: str, name: str) -> Contents:
    data = {"id": name, "templateTest": True, "data": f"Data for ID: {name}"}
    return TextResourceContents(uri=uri, mime_type="application/json", text=json.dumps(data))


_RESOURCES: tuple[tuple[Resource, Callable[[str], Contents]], ...] = (
    (_resource("test://static-text", "Text", "A text", "text/plain"), _static_text),
    (_resource("test://static-binary", "Picture", "A picture", "image/png"), _static_binary),
    (_resource("test://watched-resource", "Watched", "May be watched", "text/plain"), _watched),
)
_READERS = {str(resource.uri): read for resource, read in _RESOURCES}


async def list_resources(
    context: Context, params: PaginatedRequestParams | None
) -> ListResourcesResult:
    """Answer resources/list."""
    return ListResourcesResult(resources=[resource for resource, _ in _RESOURCES])


async def list_templates(
    context: Context, params: PaginatedRequestParams | None
) -> ListResourceTemplatesResult:
    """Answer resources/templates/list."""
    return ListResourceTemplatesResult(resource_templates=[_TEMPLATE])


async def read_resource(context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
    """Answer resources/read. Raises MCPError for a URI that is not there."""
    uri = params.uri
    if matched := _TEMPLATE_URI.fullmatch(uri):
        return ReadResourceResult(contents=[_of_template(uri, matched[1])])
    read = _READERS.get(uri)
    if read is None:
        raise MCPError(INVALID_PARAMS, f"no resource {uri!r}", {"uri": uri})
    return ReadResourceResult(contents=[read(uri)])


async def subscribe(context: Context, params: SubscribeRequestParams) -> EmptyResult:
    """Answer resources/subscribe; the resources never change, so there are no updates."""
    return EmptyResult()


async def unsubscribe(context: Context, params: UnsubscribeRequestParams) -> EmptyResult:
    """Answer resources/unsubscribe."""
    return EmptyResult()
