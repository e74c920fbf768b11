"""What a client declares becomes a label that is short and printable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.telemetry.client_info import UNKNOWN_CLIENT, client_info
from proxy.telemetry.vocabulary import TOOL_BYTES


@pytest.mark.parametrize(
    ("name", "version", "found"),
    [
        ("claude-code", "2.1.0", ("claude-code", "2.1.0")),
        (" Visual Studio Code ", "", ("Visual Studio Code", "")),
        ("a\nb\x1b[31m", "1\0", ("a?b?[31m", "1?")),
        ("right\u202eleft", "\ud800", ("right?left", "?")),
        ("x" * 1000, "1" * 1000, ("x" * TOOL_BYTES, "1" * TOOL_BYTES)),
        ("Zürich", "ß", ("Zürich", "ß")),
    ],
)
def test_names_and_versions_are_cleaned(name: str, version: str, found: tuple[str, str]) -> None:
    assert client_info(name, version) == found


@pytest.mark.parametrize("name", ["", "  ", "\n"])
def test_without_a_name_the_client_is_unknown(name: str) -> None:
    assert client_info(name, "1") is UNKNOWN_CLIENT


@given(st.text(st.characters(codec=None), min_size=1, max_size=200))
def test_any_name_becomes_a_label(name: str) -> None:
    label = client_info(name, "").name
    assert label.isprintable()
    assert 0 < len(label.encode()) <= TOOL_BYTES
