"""A session of a recording, as it is replayed: the steps of its client, in order. Pure."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from lab.recording.calls import Call, calls, id_of
from lab.recording.recording_file import Entry, Recording, Sender


@dataclass(slots=True)
class RecordedSession:
    """Entries with their indexes, and calls by the indexes of their requests and answers."""

    name: str
    entries: list[tuple[int, Entry]] = field(default_factory=list)
    begun: dict[int, Call] = field(default_factory=dict)
    ended: dict[int, Call] = field(default_factory=dict)

    @property
    def start(self) -> float:
        """When it began, in seconds of the recording."""
        return self.entries[0][1].time

    def answers(self) -> dict[str, list[dict[str, Any]]]:
        """What the client answered to requests of the server, by their method and in order."""
        asked: dict[bytes, str] = {}
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for _, entry in self.entries:
            message = entry.decoded()
            if message is None or message.get("id") is None:
                continue
            if entry.sender is Sender.SERVER:
                if isinstance(method := message.get("method"), str):
                    asked[id_of(message)] = method
            elif "method" not in message and id_of(message) in asked:
                found[asked.pop(id_of(message))].append(message)
        return found


def sessions(recording: Recording) -> list[RecordedSession]:
    """The sessions in which a client sent something, in the order of their beginnings."""
    found: dict[str, RecordedSession] = {}
    for number, entry in enumerate(recording.entries):
        if entry.session not in found:
            found[entry.session] = RecordedSession(entry.session)
        found[entry.session].entries.append((number, entry))
    for call in calls(recording.entries):
        session = found[call.session]
        session.begun[call.begun] = call
        if call.ended is not None:
            session.ended[call.ended] = call
    return [each for each in found.values() if any(_is_sent(entry) for _, entry in each.entries)]


def _is_sent(entry: Entry) -> bool:
    return entry.sender is Sender.CLIENT and bool(entry.message)
