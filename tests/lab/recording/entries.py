"""Entries of recordings, as tests write them."""

from typing import Any

import msgspec

from lab.recording.recording_file import NO_JSON, Entry, Event, Header, Recording, Sender
from proxy.translation.versions import Era
from stacks.servers import Transport


def entry(
    sender: str,
    message: Any = None,
    *,
    session: str = "1",
    time: float = 0.0,
    event: Event | None = None,
    **facts: Any,
) -> Entry:
    raw = NO_JSON if message is None else msgspec.Raw(msgspec.json.encode(message))
    return Entry(
        time=time,
        session=session,
        sender=Sender(sender),
        transport=Transport.STREAMABLE_HTTP,
        era=Era.LEGACY,
        message=raw,
        event=event,
        **facts,
    )


def asked(number: Any, method: str = "tools/call", time: float = 0.0, **params: Any) -> Entry:
    """A request of the client; a call of the tool echo unless named otherwise."""
    if method == "tools/call":
        params = {"name": "echo", **params}
    return entry("client", {"id": number, "method": method, "params": params}, time=time)


def answered(number: Any, time: float = 0.0, **content: Any) -> Entry:
    """An answer of the server."""
    return entry("server", {"id": number, **(content or {"result": {}})}, time=time)


def notified(sender: str, method: str, time: float = 0.0, **params: Any) -> Entry:
    return entry(sender, {"method": method, "params": params}, time=time)


def recording(*entries: Entry, redacted: bool = False) -> Recording:
    return Recording(Header(redacted=redacted), entries)


OPENED = (
    asked(0, "initialize", protocolVersion="2025-11-25"),
    answered(0, result={"protocolVersion": "2025-11-25", "capabilities": {}}),
    notified("client", "notifications/initialized"),
)
