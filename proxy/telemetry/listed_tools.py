"""What the ledger keeps of the tools that a server lists."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

MOST_TOOLS = 2000
"""Tools of a server that are known by name; of more only number and size are."""


class ToolHints(Struct, gc=False, frozen=True, rename="camel"):
    """What a server says that a tool does; None where it says nothing."""

    read_only_hint: bool | None = None
    destructive_hint: bool | None = None


class ToolSize(NamedTuple):
    """Bytes of a tool's JSON as listed: text without its quotes, schemas of input and output, and
    all else (title, annotations, icons, `_meta`, punctuation).
    """

    name: int
    description: int
    schema: int
    other: int

    def plus(self, more: "ToolSize") -> "ToolSize":
        """The sum of both, part by part."""
        return ToolSize(*map(int.__add__, self, more))


NO_SIZE = ToolSize(0, 0, 0, 0)


class ToolList(NamedTuple):
    """The tools that a server lists: sizes by name, number and size of those beyond MOST_TOOLS.

    `complete` is whether the last page was seen.
    """

    sizes: Mapping[str, ToolSize]
    more: int = 0
    more_size: ToolSize = NO_SIZE
    complete: bool = True

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.sizes) + self.more
