"""Definitions of tools that are kept to show what changed, in their one form (`definition`)."""

from .definition import Definition, Digest, parse

MOST_BYTES = 8 * 1024 * 1024
"""Of all definitions, each with ENTRY_BYTES; those of the tool without a new one for longest give
way.
"""
ENTRY_BYTES = 500
"""What a definition takes in memory besides its text, at most."""
MOST_OF_A_TOOL = 3
"""Definitions of one tool: while servers are updated, two take turns."""


class Forms:
    """The latest definitions of each tool, by digest."""

    __slots__ = ("_forms", "held")

    def __init__(self) -> None:
        self._forms: dict[str, dict[Digest, bytes]] = {}
        self.held = 0

    def __repr__(self) -> str:
        return f"<Forms tools={len(self._forms)} bytes={self.held}>"

    def keep(self, name: str, digest: Digest, form: bytes) -> None:
        """Keep a definition of a tool."""
        own = self._forms.pop(name, {})
        if digest not in own:
            own[digest] = form
            self.held += _size(form)
        if len(own) > MOST_OF_A_TOOL:
            self.held -= _size(own.pop(next(iter(own))))
        self._forms[name] = own
        while self.held > MOST_BYTES:
            oldest = self._forms.pop(next(iter(self._forms)))
            self.held -= sum(map(_size, oldest.values()))

    def get(self, name: str, digest: Digest) -> Definition | None:
        """A definition; None if it is not kept, or has no one form."""
        form = self._forms.get(name, {}).get(digest)
        return None if form is None else parse(form)

    def length(self, name: str, digest: Digest) -> int:
        """How long a definition is that is kept; 0 for another."""
        return len(self._forms.get(name, {}).get(digest, b""))


def _size(form: bytes) -> int:
    return len(form) + ENTRY_BYTES
