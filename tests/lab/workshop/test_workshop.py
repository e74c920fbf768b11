"""docs/workshop.md as a participant follows it: every command runs and prints what the page shows.

Alone, since its commands are about the demo that started last.
"""

from collections.abc import Iterator

import pytest

from lab.workshop.checks import EXERCISES
from lab.workshop.page import PAGE, Section, sections
from tests.lab.workshop.terminal import Participant, shell

pytestmark = [pytest.mark.slow, pytest.mark.alone]

SECTIONS = sections(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def participant() -> Iterator[Participant]:
    with shell() as second:
        found = Participant(second)
        try:
            yield found
        finally:
            found.leave()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda each: each.title)
def test_the_page_works_as_written(participant: Participant, section: Section) -> None:
    """Before an exercise its check says what is missing; afterwards it takes no other answer."""
    check = check_of(section) if section.number else ""
    if check:
        refused(participant, check)
    participant.follow(section)
    if section.number in ASKING:
        refused(participant, f"{check.rpartition(' ')[0]} guess")


ASKING = {number for number, exercise in EXERCISES.items() if exercise.asks}


def check_of(section: Section) -> str:
    return [each for each in section.blocks if each.language == "sh"][-1].text.strip()


def refused(participant: Participant, check: str) -> None:
    """A check says in one line what is missing."""
    code, printed = participant.type(check)
    assert code == 1, printed
    assert printed.startswith("not yet: "), printed
    assert printed.count("\n") == 1, printed
