"""What was measured, as a page of the docs."""

from typing import NamedTuple

from proxy.telemetry.catalogue import BYTES_PER_TOKEN

TOLERANCE = 0.10
"""How far the estimate of a list may be off."""

_HEAD = f"""\
# Bytes per token

Boards estimate tokens as bytes of a tool's JSON divided by {BYTES_PER_TOKEN}
(`proxy.telemetry.catalogue.BYTES_PER_TOKEN`). Measured by
`python -m tests.bench.tokens --write` on the lists of public servers from npm and PyPI: the JSON of
`tools/list` without spaces, against the tokens of o200k_base. Other tokenizers count otherwise, and
identifiers, numbers and other languages have fewer bytes a token than English prose: it is an
estimate, for lists of tools in English.

| server | tools | bytes | tokens | bytes per token | estimate |
| --- | ---: | ---: | ---: | ---: | ---: |
"""


class Measured(NamedTuple):
    """One list."""

    server: str
    tools: int
    bytes: int
    tokens: int

    @property
    def error(self) -> float:
        """How far the estimate is off, as a part of the tokens."""
        return self.bytes / BYTES_PER_TOKEN / self.tokens - 1


def document(measured: list[Measured]) -> str:
    """The whole page."""
    rows = sorted(measured, key=lambda each: each.bytes / each.tokens)
    off = [each for each in rows if abs(each.error) > TOLERANCE]
    size, tokens = sum(each.bytes for each in rows), sum(each.tokens for each in rows)
    near = f"Of {len(rows)} lists {len(rows) - len(off)} are estimated within {TOLERANCE:.0%}."
    ratio = f"All together {size} bytes are {tokens} tokens: {size / tokens:.2f}."
    end = f"\n{ratio} {near}{''.join(map(_off, off))}\n"
    return _HEAD + "".join(map(_row, rows)) + end


def _row(each: Measured) -> str:
    return (
        f"| {each.server} | {each.tools} | {each.bytes} | {each.tokens} |"
        f" {each.bytes / each.tokens:.2f} | {each.error:+.1%} |\n"
    )


def _off(each: Measured) -> str:
    return f" Off: {each.server}, by {each.error:+.1%}."
