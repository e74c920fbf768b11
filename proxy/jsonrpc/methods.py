"""The names that MCP defines: methods, `_meta` keys, error codes (2024-11-05 to 2026-07-28)."""

from typing import Final

PREFIX = "io.modelcontextprotocol/"
VERSION_KEY = f"{PREFIX}protocolVersion"
CLIENT_INFO_KEY = f"{PREFIX}clientInfo"
CAPABILITIES_KEY = f"{PREFIX}clientCapabilities"
LOG_LEVEL_KEY = f"{PREFIX}logLevel"
SERVER_INFO_KEY = f"{PREFIX}serverInfo"
SUBSCRIPTION_KEY = f"{PREFIX}subscriptionId"
REQUEST_KEYS = (VERSION_KEY, CLIENT_INFO_KEY, CAPABILITIES_KEY, LOG_LEVEL_KEY)
"""What a modern request carries in `_meta` that a legacy one does not."""

TOOLS_LIST: Final = "tools/list"
TOOLS_CALL: Final = "tools/call"
PROMPTS_GET: Final = "prompts/get"
RESOURCES_READ: Final = "resources/read"
TASKS_CANCEL: Final = "tasks/cancel"
TASKS_GET: Final = "tasks/get"
TASKS_LIST: Final = "tasks/list"
TASKS_RESULT: Final = "tasks/result"
DISCOVER: Final = "server/discover"
LISTEN: Final = "subscriptions/listen"
ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"
INITIALIZE: Final = "initialize"
INITIALIZED: Final = "notifications/initialized"
CANCELLED: Final = "notifications/cancelled"
PROGRESS: Final = "notifications/progress"
LOG: Final = "notifications/message"
ROOTS_CHANGED: Final = "notifications/roots/list_changed"
UPDATED: Final = "notifications/resources/updated"
PING: Final = "ping"
SET_LEVEL: Final = "logging/setLevel"
SUBSCRIBE: Final = "resources/subscribe"
UNSUBSCRIBE: Final = "resources/unsubscribe"

ALL = frozenset(
    {
        *(TOOLS_LIST, TOOLS_CALL, PROMPTS_GET, RESOURCES_READ, DISCOVER, LISTEN, ACKNOWLEDGED),
        *(INITIALIZE, INITIALIZED, CANCELLED, PROGRESS, LOG, ROOTS_CHANGED, UPDATED, PING),
        *(SET_LEVEL, SUBSCRIBE, UNSUBSCRIBE, TASKS_CANCEL, TASKS_GET, TASKS_LIST, TASKS_RESULT),
        "completion/complete",
        "elicitation/create",
        "notifications/elicitation/complete",
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/tasks/status",
        "notifications/tools/list_changed",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "roots/list",
        "sampling/createMessage",
    }
)
"""Every method of any revision."""

LIST_CHANGES = {
    "notifications/tools/list_changed": ("toolsListChanged", "tools"),
    "notifications/prompts/list_changed": ("promptsListChanged", "prompts"),
    "notifications/resources/list_changed": ("resourcesListChanged", "resources"),
}
"""Each change notification: the filter of `subscriptions/listen`, and the server's capability."""

INPUTS = {
    "sampling/createMessage": "sampling",
    "elicitation/create": "elicitation",
    "roots/list": "roots",
}
"""What a server may ask its client, and the capability a client needs for it."""
INPUT_METHODS = frozenset((TOOLS_CALL, PROMPTS_GET, RESOURCES_READ))
"""The requests that may be answered by `input_required`."""

REMOVED_METHODS = frozenset(
    (INITIALIZE, PING, SET_LEVEL, SUBSCRIBE, UNSUBSCRIBE, TASKS_GET, TASKS_RESULT,
     TASKS_CANCEL, TASKS_LIST)
)  # fmt: skip
"""Requests of 2025-11-25 that 2026-07-28 has no more, nor the proxy an extension for."""

CACHEABLE = frozenset(
    ("tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read")
)
"""Methods whose results must say how long they are fresh ("Caching")."""

LOG_LEVELS = frozenset(
    ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
)

INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022
MODERN_CODES = frozenset((HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION))
"""Errors that only a modern server gives."""
RESOURCE_NOT_FOUND = -32002
"""Up to 2025-11-25; from 2026-07-28 it is INVALID_PARAMS."""
URL_ELICITATION_REQUIRED = -32042
"""2025-11-25 only."""
