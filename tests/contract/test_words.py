"""Words that were given up for standard terms stay out."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

EVERYWHERE = (
    *("Overhearing", "Scrubber", "Entrance", "HoldersOf", "KeyWatch", "LinkOwner", "Parcel"),
    *("Farewell", "Inquiry", "Verdict", "Leases", "HttpEras", "ModernUpstream", "Relay"),
    *("turn_away", "take_apart", "link_message", "answer_piece", "client_gone", "the relay"),
    *("no gateway", "door sign", "odd words", "CROWDED", "GARBLED", "HELD_UP"),
    *("proxy.eras", "proxy.wire", "proxy.access"),
)
IN_PROXY = (
    *("verdict", "judge", "Visitor", "visitor", "sink", "Conversation", "books", "Crowd", "Hub"),
    *("rooms", "roads", "errand", "Arrival", "Applicant", "Unfit", "abridged", "greeter"),
    *("came to", "nobody", "Nobody", "somebody", "whoever", "Whoever", "who shows", "the gate"),
    *("anew", "the rim", "A door"),
    *("told", "tell", "tells", "hear", "hears", "heard", "go_on", "can_take", "_take", "_settle"),
)
"""Elsewhere they may mean something else, or are not converted yet."""

IN_TESTS = (
    *("told", "tell", "tells", "hear", "hears", "heard", "whoever", "Whoever", "somebody"),
    *("confess", "converse", "Scene", "scene", "Talk"),
)

_HISTORY = ("CHANGELOG.md", "tests/contract/test_words.py")
_PLACES = ("proxy", "dashboards", "stacks", "lab", "tests", "docs", "README.md", "Makefile")


def found(words: tuple[str, ...], *places: str) -> list[str]:
    """Where any of the words stands, as `file:line: text`."""
    patterns = [each for word in words for each in ("-e", rf"\b{re.escape(word)}\b")]
    command = ("git", "grep", "-nIP", *patterns, "--", *places)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    lines = done.stdout.splitlines()
    return [line for line in lines if not line.startswith(tuple(f"{each}:" for each in _HISTORY))]


@pytest.mark.parametrize(
    ("words", "places"),
    [(EVERYWHERE, _PLACES), (IN_PROXY, ("proxy",)), (IN_TESTS, ("tests",))],
    ids=["all", "proxy", "tests"],
)
def test_retired_words_stay_out(words: tuple[str, ...], places: tuple[str, ...]) -> None:
    assert found(words, *places) == []
