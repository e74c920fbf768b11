"""Handling of messages with a span around each request."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from lab.echo.messages import Action, DelayedReply, Reply, handle
from lab.tracing import Tracing

Handler = Callable[[object, Mapping[str, str]], Action]
"""Handles a decoded message and the HTTP headers that came with it; never raises."""


def traced_handler(tracing: Tracing, handle: Callable[[object], Action] = handle) -> Handler:
    """`handle` with a span around each request, except those that are cancelled or crash."""

    def traced(message: object, headers: Mapping[str, str]) -> Action:
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return handle(message)
        if message.get("id") is None:
            return handle(message)
        on_response = tracing.server_span(message, headers)
        action = handle(message)
        match action:
            case Reply(response):
                on_response(response)
            case DelayedReply():
                return replace(action, on_sent=on_response)
        return action

    return traced
