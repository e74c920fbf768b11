"""How deep a JSON text nests, measured without building its values.

A parser that recurses can be brought down by depth alone; so the proxy bounds it for the server.
"""

from collections.abc import Iterator
from itertools import accumulate

DEEPEST = 400
"""How deep a value may nest that is read whole: Python's recursion ends at 1000, stack included."""
PIECE = 64 * 1024
"""Bytes that are walked at a time, which takes up to 2 ms."""
_MOST_WALKED = 4 * PIECE

_BRACKETS = b"[{]}"
_STEPS = bytes.maketrans(_BRACKETS, b"\x01\x01\xff\xff")
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))


def deeper_than(data: bytes, limit: int) -> bool:
    """Whether arrays and objects in the valid JSON text `data` nest more than `limit` levels.

    Most messages are decided by their length, or by their number of brackets.
    """
    if len(data) <= 2 * limit or data.count(b"[") + data.count(b"{") <= limit:
        return False
    return any(depth > limit for depth in depths(data))


def depths(data: bytes) -> Iterator[int]:
    """How deep each piece of a valid JSON text nests."""
    return (deepest for deepest, _ in _walk(data))


def breaks_off(data: bytes) -> bool:
    """Whether a text ends within an array or object, so that no parser accepts it.

    One that takes more than 10 ms to be walked is not judged.
    """
    ends = [left for _, left in _walk(data)] if len(data) <= _MOST_WALKED else []
    return ends[-1:] > [0]


def _walk(data: bytes) -> Iterator[tuple[int, int]]:
    """How deep each piece nests at most, and at its end."""
    inside, depth, rest = False, 0, b""
    for place in range(0, len(data), PIECE):
        piece = rest + data[place : place + PIECE]
        whole = piece.rstrip(b"\\")
        rest = b"\\" * ((len(piece) - len(whole)) % 2)
        if b"\\" in whole:
            whole = whole.replace(b"\\\\", b"").replace(b'\\"', b"")
        parts = whole.split(b'"')
        outside = b"".join(parts[int(inside) :: 2])
        inside ^= len(parts) % 2 == 0
        steps = memoryview(outside.translate(_STEPS, _OTHERS)).cast("b")
        deepest = max(accumulate(steps, initial=depth))
        depth += sum(steps)
        yield deepest, depth
