"""The README says what the code says: its tables are drawn anew and its commands exist."""

import re
from pathlib import Path

import pytest

from lab.readme import README, TABLES, renewed

ROOT = Path(__file__).parents[2]
TEXT = README.read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_generated_table_is_current() -> None:
    assert renewed(TEXT) == TEXT, "run `make readme`"


def test_every_table_of_the_code_is_in_the_readme() -> None:
    assert set(re.findall(r"<!-- table: ([a-z-]+) -->", TEXT)) == set(TABLES)


def test_every_make_target_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", TEXT))
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)", TEXT))))
def test_every_file_that_the_readme_links_to_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_every_room_that_the_readme_draws_exists() -> None:
    rooms = re.findall(r"^([a-z]+)/ ", TEXT, re.MULTILINE)
    assert [room for room in rooms if not (ROOT / room).is_dir()] == []


def test_the_readme_shows_a_demo_that_agrees() -> None:
    rows = re.findall(r"^(echo-\S+) +(\w+) +(\d+) +(\d+) +(\d+)$", TEXT, re.MULTILINE)
    assert sum(int(sent) for *_, sent, _, _ in rows) == 200
    assert all(sent == counted == traced for *_, sent, counted, traced in rows)
