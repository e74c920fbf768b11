"""Definitions that are kept: the latest of each tool, within bounds."""

from proxy.tools.definition import LONGEST_COMPARED, canonical, digest_of, write
from proxy.tools.forms import ENTRY_BYTES, MOST_BYTES, MOST_OF_A_TOOL, Forms


def keep(forms: Forms, name: str, description: str) -> bytes:
    form = canonical(write({"name": name, "description": description}).encode())
    assert form is not None
    forms.keep(name, digest_of(form), form)
    return digest_of(form)


def test_the_latest_definitions_of_a_tool_are_kept() -> None:
    forms = Forms()
    digests = [keep(forms, "t", f"{number}") for number in range(MOST_OF_A_TOOL + 1)]
    found = [forms.get("t", each) for each in digests]
    assert [each and each.description for each in found] == [None, "1", "2", "3"]
    assert forms.get("other", digests[-1]) is None
    assert forms.length("t", digests[-1]) == forms.held // MOST_OF_A_TOOL - ENTRY_BYTES
    assert forms.length("t", digests[0]) == 0


def test_the_same_definition_is_kept_once() -> None:
    forms = Forms()
    keep(forms, "t", "x")
    held = forms.held
    keep(forms, "t", "x")
    assert forms.held == held


def test_what_is_kept_is_bounded() -> None:
    forms, most = Forms(), MOST_BYTES // (LONGEST_COMPARED + ENTRY_BYTES)
    digests = [
        keep(forms, f"{number}", "x" * (LONGEST_COMPARED - 100)) for number in range(most + 3)
    ]
    assert MOST_BYTES * 0.9 < forms.held <= MOST_BYTES
    kept = [forms.get(f"{number}", each) is not None for number, each in enumerate(digests)]
    assert kept == [False] * 3 + [True] * most


def test_short_definitions_are_bounded_too() -> None:
    forms = Forms()
    for number in range(2 * MOST_BYTES // ENTRY_BYTES):
        keep(forms, f"{number}", "")
    assert int(repr(forms).split("=")[1].split()[0]) < MOST_BYTES / ENTRY_BYTES
