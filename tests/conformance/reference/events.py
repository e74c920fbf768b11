"""The events of every stream in memory, so that a client can come back for what it missed."""

from mcp.server.streamable_http import EventCallback, EventId, EventMessage, EventStore, StreamId
from mcp_types import JSONRPCMessage


class Events(EventStore):
    """All events in order; an event's id is its place."""

    def __init__(self) -> None:
        self._events: list[tuple[StreamId, JSONRPCMessage | None]] = []

    def __repr__(self) -> str:
        return f"<Events {len(self._events)}>"

    async def store_event(self, stream_id: StreamId, message: JSONRPCMessage | None) -> EventId:
        """Part of EventStore; without a message the event only gives the stream an id."""
        self._events.append((stream_id, message))
        return str(len(self._events) - 1)

    async def replay_events_after(
        self, last_event_id: EventId, send_callback: EventCallback
    ) -> StreamId | None:
        """Part of EventStore."""
        if not last_event_id.isdecimal() or int(last_event_id) >= len(self._events):
            return None
        last = int(last_event_id)
        stream = self._events[last][0]
        for place, (each, message) in enumerate(self._events[last + 1 :], start=last + 1):
            if each == stream and message is not None:
                await send_callback(EventMessage(message, str(place)))
        return stream
