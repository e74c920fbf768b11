"""What a message comes to, told to the tracing of the server."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from lab.echo.messages import Action, Later, Reply, receive
from lab.tracing import Tracing

Receive = Callable[[object, Mapping[str, str]], Action]
"""Takes a decoded message and the HTTP headers that came with it; never raises."""


def receiving(tracing: Tracing) -> Receive:
    """`receive`, with a span around each request; one that is cancelled or crashes leaves none."""

    def received(message: object, headers: Mapping[str, str]) -> Action:
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return receive(message)
        if message.get("id") is None:
            return receive(message)
        told = tracing.serving(message, headers)
        action = receive(message)
        match action:
            case Reply(answer):
                told(answer)
            case Later():
                return replace(action, told=told)
        return action

    return received
