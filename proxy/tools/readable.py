"""What a peer wrote, as a line of the log may show it: short, and without control characters."""

LONGEST = 300
"""Characters of each side of a difference."""
_CONTEXT = 20
"""Characters that two texts have in common and that are shown before a difference."""


def readable(text: str, limit: int = LONGEST) -> str:
    """Text with escapes for what cannot be printed, cut to `limit` characters."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape", "replace").decode()
        for each in text[: limit + 1]
    )
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def difference(before: str, after: str) -> tuple[str, str]:
    """Two texts from a little before where they differ on, as far as they do."""
    start = _common(before, after)
    end = min(_common(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    begin = max(0, start - _CONTEXT)
    return _part(before, begin, len(before) - end), _part(after, begin, len(after) - end)


def _common(one: str, two: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(two))
    while low < high:  # By halves, since texts are compared in C.
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _part(text: str, begin: int, end: int) -> str:
    before = "…" if begin else ""
    last = min(len(text), end + _CONTEXT)
    return readable(f"{before}{text[begin:last]}{'…' if last < len(text) else ''}")
