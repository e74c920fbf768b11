"""Label values are bounded in number and in length."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.telemetry.vocabulary import TOOL_BYTES, cut


@given(st.text(st.characters(codec=None), min_size=30, max_size=200))
def test_a_tool_name_is_cut_at_a_character_within_its_bytes(name: str) -> None:
    label = cut(name).encode()
    assert len(label) <= TOOL_BYTES
    assert name.encode(errors="replace").startswith(label)
    assert len(label) > TOOL_BYTES - 4 or label == name.encode(errors="replace")
