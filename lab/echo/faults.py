"""Faults of the server's answers while the lab has switched them on; off without its variables."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from lab.echo.messages import (
    TOOLS,
    Action,
    CutReply,
    DelayedReply,
    ExpireSession,
    InvalidReply,
    Json,
    Reply,
    error,
    handle,
    result,
    text_result,
)
from lab.faults.changes import FAULTS_VARIABLE, SERVER_VARIABLE
from proxy.faults import effects
from proxy.faults.effects import Effect
from proxy.faults.injections import InjectionFile

Handle = Callable[[object], Action]

HANG_SECONDS = 86400.0
"""A call that gets no answer ends when its client, or the server, does."""


def faulty_handle(environment: Mapping[str, str]) -> Handle:
    """`handle`, with the faults that are on for the server that the environment names."""
    path, server = environment.get(FAULTS_VARIABLE), environment.get(SERVER_VARIABLE)
    if not path or not server:
        return handle
    injections = InjectionFile(Path(path))

    def faulty(message: object) -> Action:
        action = handle(message)
        for each in injections.active():
            if each.server == server and isinstance(message, dict):
                action = with_fault(each.fault, each.level, message, action)
        return action

    return faulty


def with_fault(name: str, level: str, message: Json, action: Action) -> Action:
    """The action under a fault; unchanged unless it concerns this message."""
    request_id = message.get("id")
    effect = effects.effect(name, level, message.get("method"), random.random())
    if effect is None or not isinstance(request_id, str | int):
        return action
    return _with_effect(effect, request_id, action)


def _with_effect(effect: Effect, request_id: str | int, action: Action) -> Action:
    match effect:
        case effects.Later(seconds):
            return _later(action, request_id, seconds)
        case effects.Unanswered():
            return _later(action, request_id, HANG_SECONDS)
        case effects.Malformed():
            return InvalidReply(effects.BROKEN)
        case effects.Cut():
            return CutReply(text_result(request_id, effects.TEXT))
        case effects.Expired():
            return ExpireSession()
        case effects.Preceded(count):
            return _preceded(action, request_id, count)
    reply = _reply(effect, request_id)
    return replace(action, reply=reply) if isinstance(action, DelayedReply) else Reply(reply)


def _reply(
    effect: effects.ToolError | effects.ProtocolError | effects.Oversize | effects.MoreTools,
    request_id: str | int,
) -> Json:
    """What is answered in place of the reply."""
    match effect:
        case effects.ToolError():
            return text_result(request_id, effects.TEXT, failed=True)
        case effects.ProtocolError():
            return error(request_id, effects.ERROR_CODE, effects.TEXT)
        case effects.Oversize(length):
            return text_result(request_id, "x" * length)
        case effects.MoreTools(count):
            return result(request_id, {"tools": [*TOOLS, *effects.more_tools(count)]})


def _preceded(action: Action, request_id: str | int, count: int) -> Action:
    later = _later(action, request_id, 0)
    if not isinstance(later, DelayedReply):
        return later
    return replace(later, first=(*later.first, *[dict(effects.LIST_CHANGED)] * count))


def _later(action: Action, request_id: str | int, seconds: float) -> Action:
    match action:
        case Reply(reply):
            return DelayedReply(request_id, seconds, (), reply)
        case DelayedReply():
            return replace(action, seconds=action.seconds + seconds)
    return action
