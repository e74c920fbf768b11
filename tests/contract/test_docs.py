"""README and docs/: short, current, and without a dead link."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.docs import PAGES, TABLES, renewed
from proxy.app.options import OPTIONS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
DOCUMENTS = (*PAGES, *(ROOT / each for each in ("SECURITY.md", "dashboards/RUNBOOK.md")))

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_readme_is_one_page() -> None:
    assert len(README.read_bytes()) <= 10_000


def test_the_readme_leads_to_every_page() -> None:
    linked = {target for target, _ in links(README)}
    assert [page.name for page in PAGES if page != README and page not in linked] == []


@every_page
def test_every_generated_table_is_current(page: Path) -> None:
    assert renewed(TEXTS[page]) == TEXTS[page], "run `make docs`"


def test_every_table_of_the_code_is_on_one_page() -> None:
    found = Counter(re.findall(r"<!-- table: ([a-z-]+) -->", "".join(TEXTS.values())))
    assert found == dict.fromkeys(TABLES, 1)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(document: Path) -> None:
    dead = [
        f"{target.relative_to(ROOT)}#{anchor}"
        for target, anchor in links(document)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert dead == []


def links(document: Path) -> Iterator[tuple[Path, str]]:
    """Every link inside the repository: the file, and the heading's anchor or ""."""
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text(encoding="utf-8"))):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            yield ((document.parent / path).resolve() if path else document), anchor


def prose(text: str) -> str:
    """Without code blocks, in which `#` begins no heading."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@every_page
def test_every_option_in_the_text_exists(page: Path) -> None:
    """Options of the proxy are written as inline code that begins with the flag."""
    flags = {each.flag for each in OPTIONS} | {"--help"}
    named = set(re.findall(r"`(--[a-z-]+)", prose(TEXTS[page])))
    assert named - flags - NOT_OF_THE_PROXY == set()


NOT_OF_THE_PROXY = {
    *("--pictures", "--serve", "--set", "--road", "--check", "--thresholds"),
    *("--arguments", "--arrivals", "--metrics", "--namespace", "--seed", "--server", "--sessions"),
    *("--as-server", "--compare", "--connections", "--payloads", "--seconds", "--speed"),
    *("--context", "--stack", "--steps", "--token", "--transport", "--wait"),
}
"""Options of `lab` and `dashboards`, whose text names the program."""


def test_every_package_that_contributing_lists_exists() -> None:
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    packages = re.findall(r"^([a-z]+)/ ", text, re.MULTILINE)
    assert packages
    assert [package for package in packages if not (ROOT / package).is_dir()] == []


def test_the_readme_shows_a_demo_that_agrees() -> None:
    rows = re.findall(r"^(echo-\S+) +(\w+) +(\d+) +(\d+) +(\d+)$", TEXTS[README], re.MULTILINE)
    assert sum(int(sent) for *_, sent, _, _ in rows) == 200
    assert all(sent == counted == traced for *_, sent, counted, traced in rows)
