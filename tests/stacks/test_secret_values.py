"""Secret values pass through pure code unseen, and their checksums show only that they changed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stacks.secret_values import Checksum, SecretValue, checksum, revealed, sealed

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(TREES)
def test_revealing_undoes_sealing(tree: Any) -> None:
    assert revealed(sealed(tree)) == tree


def test_sealing_hides_all_text_and_numbers() -> None:
    shown = repr(sealed({"a": ["hunter2", {"b": 1234}], "c": True}))
    assert shown == "{'a': [[secret], {'b': [secret]}], 'c': True}"


def test_a_checksum_changes_with_name_value_and_salt() -> None:
    one = {"KEY": SecretValue("a")}
    sums = [
        checksum("x", one),
        checksum("y", one),
        checksum("x", {"KEY": SecretValue("b")}),
        checksum("x", {"OTHER": SecretValue("a")}),
    ]
    assert len(set(sums)) == 4
    assert checksum("x", {"KEY": SecretValue("a")}) == sums[0]


def test_a_checksum_is_too_short_to_identify_its_value() -> None:
    """20 bits: of a million passwords, each second one has the checksum of another."""
    assert len(str(checksum("x", {"KEY": SecretValue("a")}))) == 5


def test_the_checksum_of_what_is_known_only_at_deployment_is_left_to_it() -> None:
    later = object()
    assert checksum("x", {"KEY": SecretValue(later)}) == Checksum(
        "x", (("KEY", SecretValue(later)),)
    )
