"""How deep a JSON text nests, told without building what it nests.

A parser that recurses can be brought down by depth alone; so the proxy bounds it for the server.
"""

from itertools import accumulate

DEEPEST = 400
"""How deep a value may nest that is read whole: Python's recursion ends at 1000, stack included."""

_BRACKETS = b"[{]}"
_STEPS = bytes.maketrans(_BRACKETS, b"\x01\x01\xff\xff")
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))


def deeper_than(data: bytes, limit: int) -> bool:
    """Whether arrays and objects in the valid JSON text `data` nest more than `limit` levels.

    Most messages are told by their length, or by how few brackets they have.
    """
    if len(data) <= 2 * limit or data.count(b"[") + data.count(b"{") <= limit:
        return False
    return _depth(data) > limit


def _depth(data: bytes) -> int:
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(data.split(b'"')[::2])
    steps = outside.translate(_STEPS, _OTHERS)
    return max(accumulate(memoryview(steps).cast("b")), default=0)
