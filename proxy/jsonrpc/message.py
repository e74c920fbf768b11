"""The parts of a JSON-RPC message that the proxy reads."""

from msgspec import UNSET, Raw, Struct, UnsetType, field

RequestId = int | str | float


class Meta(Struct, gc=False):
    """`params._meta`: the W3C trace context (SEP-414), the token that progress refers to, and the
    protocol version and, unread, the client that a request of 2026-07-28 carries.
    """

    traceparent: str = ""
    tracestate: str = ""
    progress_token: RequestId | None = field(default=None, name="progressToken")
    version: str = field(default="", name="io.modelcontextprotocol/protocolVersion")
    client_info: Raw | UnsetType = field(default=UNSET, name="io.modelcontextprotocol/clientInfo")


class Params(Struct, gc=False, rename="camel"):
    """The parameters that routing and labels need, of all methods together."""

    name: str = ""
    meta: Meta | None = field(default=None, name="_meta")
    request_id: RequestId | None = None
    progress_token: RequestId | None = None
    protocol_version: str = ""
    client_info: Raw | UnsetType = UNSET
    task_id: Raw | UnsetType = UNSET
    uri: Raw | UnsetType = UNSET
    cursor: Raw | UnsetType = UNSET
    arguments: Raw | UnsetType = UNSET


class Result(Struct, gc=False, rename="camel"):
    """A result: whether a tool says that it failed, the revision `initialize` agreed on, and
    unread a page of tools, the cursor of the next one, the task that a call has become, and the
    status of a task.
    """

    is_error: bool | None = None
    protocol_version: str = ""
    tools: Raw | UnsetType = UNSET
    next_cursor: Raw | UnsetType = UNSET
    task: Raw | UnsetType = UNSET
    status: Raw | UnsetType = UNSET


class Failure(Struct, gc=False):
    """A JSON-RPC error object."""

    code: int = 0


NO_PARAMS = Params()
NO_META = Meta()


class Message(Struct, gc=False):
    """A request, a notification or an answer. Absent fields are UNSET, since null differs.

    `malformed` ones are not valid JSON, but still readable.
    """

    id: RequestId | None | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Params | None = None
    result: Result | None | UnsetType = UNSET
    error: Failure | UnsetType = UNSET
    malformed: bool = False

    @property
    def is_request(self) -> bool:
        """Whether it has a method and an id: the sender waits for a response."""
        return self.method is not UNSET and self.id is not UNSET and self.id is not None

    @property
    def is_answer(self) -> bool:
        """A result or an error; its id is null when the request's was not readable."""
        return self.method is UNSET and (self.result is not UNSET or self.error is not UNSET)

    @property
    def is_message(self) -> bool:
        """Whether it is a request, a notification or a response, not any other object."""
        return self.method is not UNSET or self.is_answer


class Envelope(Struct, gc=False):
    """A message whose labels are not of the usual types: the parts, to be decoded one by one."""

    id: RequestId | None | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


class Implementation(Struct, gc=False):
    """A client or server, as it declares itself (MCP, `Implementation`)."""

    name: Raw | UnsetType = UNSET
    version: Raw | UnsetType = UNSET


class Task(Struct, rename="camel"):
    """A task that a server has accepted."""

    task_id: str
    status: str = ""


class AnyObject(Struct, gc=False):
    """Any object; other values are refused before the rest is read."""
