"""docs/workshop.md: every exercise has all its parts, and its commands can be run by a test.

The blocks marked `kind` need a cluster: tests/contract/test_documented_commands.py checks that the
programs accept them, as it does for every other page.
"""

import re

import pytest

from lab.workshop.checks import EXERCISES
from lab.workshop.page import PAGE, Block, Section, sections
from tests.lab.workshop.terminal import KIND, REPEAT, WORDS

SECTIONS = sections(PAGE.read_text(encoding="utf-8"))
THE_EXERCISES = tuple(each for each in SECTIONS if each.number)
PARTS = (
    *("**Goal.**", "**Steps.**", "**Expected picture.**"),
    *("<details><summary>Hint</summary>", "<details><summary>Solution</summary>", "**Check.**"),
)

every_exercise = pytest.mark.parametrize("exercise", THE_EXERCISES, ids=lambda each: each.title)


def test_it_takes_about_two_hours() -> None:
    assert sum(each.minutes for each in SECTIONS) <= 130


def test_there_is_a_check_of_each_exercise() -> None:
    assert (
        [each.number for each in THE_EXERCISES]
        == list(EXERCISES)
        == list(range(1, len(EXERCISES) + 1))
    )


@every_exercise
def test_an_exercise_has_every_part_once_and_in_order(exercise: Section) -> None:
    found = re.findall("|".join(map(re.escape, PARTS)), exercise.text)
    assert found == list(PARTS)
    assert exercise.goal


@every_exercise
def test_an_exercise_ends_with_its_check(exercise: Section) -> None:
    *_, check, shown = (each for each in exercise.blocks if KIND not in each.words)
    assert check.text.startswith(f"python -m lab.workshop check {exercise.number}")
    assert shown == Block("text", frozenset(), f"exercise {exercise.number}: done\n")


def test_every_block_is_run_by_a_known_rule_and_every_output_belongs_to_a_command() -> None:
    for section in SECTIONS:
        blocks = section.blocks
        fences = re.findall(r"^```(.*)$", section.text, re.MULTILINE)[::2]
        assert len(blocks) == len(fences), f"{section.title}: {fences}"
        for before, block in zip((Block("", frozenset(), ""), *blocks), blocks, strict=False):
            assert block.words <= WORDS, block
            assert block.language in ("sh", "text"), block
            assert block.language == "sh" or before.language == "sh", block
            assert REPEAT not in before.words or block.language == "text", before
