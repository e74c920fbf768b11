"""The sections of docs/workshop.md and their code blocks. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "workshop.md"

_HEADING = re.compile(r"## (?:(?P<number>\d+)\. )?(?P<title>.+?) \((?P<minutes>\d+) minutes\)\n")
_BLOCK = re.compile(r"^```(?P<info>[a-z ]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A code block; `words` follow its language and say how its commands are run."""

    language: str
    words: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A timed section of the page; `number` is that of its exercise, 0 for a section without."""

    number: int
    title: str
    minutes: int
    text: str

    @property
    def goal(self) -> str:
        """The paragraph after `**Goal.**`, in one line."""
        found = re.search(r"\*\*Goal\.\*\* (.+?)\n\n", self.text, re.DOTALL)
        return " ".join(found[1].split()) if found else ""

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(_blocks(self.text))


def _blocks(text: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(text):
        language, *words = found["info"].split()
        yield Block(language, frozenset(words), found["text"])


def sections(text: str) -> tuple[Section, ...]:
    """The timed sections, in order; those without a time are not part of the workshop."""
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return tuple(
        Section(
            int(found["number"] or 0), found["title"], int(found["minutes"]), part[found.end() :]
        )
        for part in parts
        if (found := _HEADING.match(part))
    )
