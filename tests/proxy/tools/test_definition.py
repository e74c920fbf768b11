"""A definition has one digest, whatever the order of its keys and however it is spelled."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.tools.definition import LONGEST_COMPARED, canonical, digest_of, parse, write
from proxy.tools.page import read_page

NAMES = st.text(st.characters(codec="utf-8"), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NAMES
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=8
)
MEMBERS = ("description", "inputSchema", "outputSchema", "annotations")
TOOLS = st.builds(
    lambda name, more: {"name": name, **more},
    NAMES,
    st.dictionaries(st.sampled_from(MEMBERS), VALUES),
)


def shuffled(value: Any, chance: random.Random) -> Any:
    """The value with the keys of every object in another order."""
    if isinstance(value, list):
        return [shuffled(each, chance) for each in value]
    if not isinstance(value, dict):
        return value
    pairs = [(name, shuffled(each, chance)) for name, each in value.items()]
    return dict(chance.sample(pairs, len(pairs)))


def digests(tools: list[dict[str, Any]], size: int, **style: Any) -> dict[str, bytes]:
    """Digests by name, of a list in pages of so many tools."""
    found: dict[str, bytes] = {}
    for start in range(0, len(tools), size):
        read = read_page(json.dumps(tools[start : start + size], **style).encode())
        assert read is not None
        found |= {tool.name: tool.digest for tool in read.page.tools}
    return found


@given(
    st.lists(TOOLS, min_size=1, max_size=5, unique_by=lambda each: each["name"]),
    st.integers(1, 5),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_order_of_keys_and_tools_pages_and_spelling_do_not_matter(
    tools: list[dict[str, Any]], size: int, other_size: int, chance: random.Random
) -> None:
    other = [shuffled(each, chance) for each in chance.sample(tools, len(tools))]
    spelled = {"ensure_ascii": False, "indent": 2}
    assert digests(tools, size) == digests(other, other_size, **spelled)


def test_numbers_of_many_digits_are_compared_as_text() -> None:
    assert canonical(b'{"name":"t","description":%b}' % (b"9" * 300)) is not None
    assert canonical(b'{"name":"t","description":%b}' % (b"9" * 400)) is None


@given(TOOLS, TOOLS)
def test_different_definitions_have_different_digests(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    def content(of: dict[str, Any]) -> str:
        return json.dumps(
            {key: each for key, each in of.items() if each is not None}, sort_keys=True
        )

    first, second = (digests([each], 1) for each in (one, other))
    assert (first == second) is (content(one) == content(other))


@pytest.mark.parametrize(
    ("more", "same"),
    [
        ({"title": "T", "icons": [], "_meta": {"seen": 7}, "execution": {}}, True),
        ({"description": None}, True),
        ({"description": ""}, False),
        ({"annotations": {}}, False),
    ],
)
def test_what_no_model_sees_is_not_part_of_a_definition(more: dict[str, Any], same: bool) -> None:
    tool = {"name": "t", "inputSchema": {"type": "object"}}
    assert (digests([tool], 1) == digests([{**tool, **more}], 1)) is same


def test_a_definition_that_is_too_long_or_too_deep_is_compared_byte_by_byte() -> None:
    long = write({"name": "t", "description": "x" * LONGEST_COMPARED}).encode()
    deep = b'{"name":"t","inputSchema":' + b"[" * 5000 + b"]" * 5000 + b"}"
    for text in (long, deep, b"7", b"\xff"):
        assert canonical(text) is None
    read = read_page(b"[%b]" % long)
    assert read is not None
    assert [each.digest for each in read.page.tools] == [digest_of(long)]
    assert read.forms == {}


def test_the_one_form_is_read_again_as_it_was() -> None:
    form = canonical(b'{"outputSchema": {"b": 1, "a": [2.5]}, "name": "t"}')
    assert form is not None
    definition = parse(form)
    assert (definition.name, definition.output_schema) == ("t", {"a": [2.5], "b": 1})
    assert canonical(form) == form
