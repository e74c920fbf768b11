"""The last value of each of a client's latest keys, kept as keyed hashes in bounded memory."""

import secrets
from hashlib import blake2b

from ..jsonrpc.ids import id_key

MOST_CLIENTS = 10_000
"""Clients that are remembered; for one more the longest unused is forgotten."""
MOST_KEYS = 10
"""Keys of a client that are remembered, the latest."""
_HASH_BYTES = 8
_ENTRY_BYTES = 2 * _HASH_BYTES


class LastValues:
    """Values by client and key; a client takes less than 200 bytes.

    What a client sends cannot be read from the hashes, and who chooses what it sends cannot choose
    them: their secret is new in each process.
    """

    __slots__ = ("_entries", "_secret")

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(16)
        self._entries: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"<LastValues of={len(self._entries)}>"

    def replace(self, client: str, key: bytes, value: bytes) -> bool:
        """Set the value of a client's key; whether it had the same one before."""
        client = id_key(client)
        known = self._entries.pop(client, b"")
        entry = self._hash(key) + self._hash(value)
        others, before = _without(known, entry[:_HASH_BYTES])
        if len(self._entries) >= MOST_CLIENTS:
            del self._entries[next(iter(self._entries))]
        self._entries[client] = others[-(MOST_KEYS - 1) * _ENTRY_BYTES :] + entry
        return before == entry

    def forget(self, client: str) -> None:
        """A client is gone."""
        self._entries.pop(id_key(client), None)

    def _hash(self, text: bytes) -> bytes:
        return blake2b(text, key=self._secret, digest_size=_HASH_BYTES).digest()


def _without(entries: bytes, key: bytes) -> tuple[bytes, bytes]:
    """The entries of all other keys, and that of the key; b"" if it has none."""
    for start in range(0, len(entries), _ENTRY_BYTES):
        if entries[start : start + _HASH_BYTES] == key:
            end = start + _ENTRY_BYTES
            return entries[:start] + entries[end:], entries[start:end]
    return entries, b""
