"""Accept: which media types a client takes (RFC 9110, section 12.5.1)."""

import re

# An element of the list, which may hold a comma only within quotes.
_RANGES = re.compile(rb'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')
_WEIGHT = re.compile(rb";[ \t]*q=([0-9.]+)", re.IGNORECASE)


def accepts(accept: bytes, media_type: bytes) -> bool:
    """Whether `accept`, all of the header's lines joined, lets an answer be of a media type.

    The range that names it most closely decides, and a weight of 0 forbids it. An empty `accept`
    lets everything be.
    """
    weights: dict[bytes, float] = {}
    for element in _RANGES.findall(accept):
        name = element.partition(b";")[0].strip().lower()
        weights[name] = max(weights.get(name, 0.0), _weight(element))
    kind = media_type.partition(b"/")[0]
    closest = next((each for each in (media_type, kind + b"/*", b"*/*") if each in weights), None)
    return not accept.strip() if closest is None else weights[closest] > 0


def _weight(element: bytes) -> float:
    """1 unless the element has a lower weight; one that is not a number is ignored."""
    found = _WEIGHT.search(element)
    try:
        return float(found[1]) if found else 1.0
    except ValueError:
        return 1.0
