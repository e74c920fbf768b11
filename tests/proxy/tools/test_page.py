"""A page of tools: sizes that add up, and what a hostile server may write in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.telemetry.listed_tools import MOST_TOOLS, NO_SIZE, ToolHints, ToolSize
from proxy.telemetry.vocabulary import TOOL_BYTES
from proxy.tools.definition import parse
from proxy.tools.page import ListedTool, read_page
from tests.proxy.tools.lists import text, tool

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MEMBERS = ("title", "description", "inputSchema", "outputSchema", "annotations", "_meta")


def read(tools: bytes) -> tuple[ListedTool, ...]:
    found = read_page(tools)
    assert found is not None
    return found.page.tools


def test_the_parts_of_a_tool_are_measured_as_they_are_listed() -> None:
    written = b'{ "name":"e\\u00e9","description":"two\\nlines", "inputSchema":{"type": "object"}}'
    [found] = read(b"[%b]" % written)
    assert found.name == "eé"
    parts = r"e\u00e9", r"two\nlines", '{"type": "object"}'
    assert found.size[:3] == tuple(map(len, parts))
    assert sum(found.size) == len(written)


@given(
    st.lists(
        st.tuples(st.text(), st.dictionaries(st.sampled_from(MEMBERS), VALUES), st.booleans()),
        max_size=4,
    )
)
def test_the_sizes_of_a_tools_parts_add_up_to_its_json(
    listed: list[tuple[str, dict[str, object], bool]],
) -> None:
    texts = [json.dumps({"name": name, **more}, ensure_ascii=plain) for name, more, plain in listed]
    encoded = [each.encode("utf-8", "replace") for each in texts]
    tools = read(b"[%b]" % b" , ".join(encoded))
    names = {name for name, _, _ in listed}
    if len(tools) == len(names):  # Halves of surrogate pairs are not JSON to the decoder.
        assert sum(sum(each.size) for each in tools) == sum(map(len, encoded))


@pytest.mark.parametrize(
    ("annotations", "hints"),
    [
        ({"readOnlyHint": True, "title": 7}, ToolHints(True)),
        ({"destructiveHint": False}, ToolHints(None, False)),
        ({"destructiveHint": "no"}, ToolHints()),
        ([], ToolHints()),
    ],
)
def test_hints_are_read_where_they_can_be(annotations: object, hints: ToolHints) -> None:
    [found] = read(text([tool("t", annotations=annotations)]))
    assert found.hints == hints


@pytest.mark.parametrize("other", [{"name": 7}, {}, {"title": "t"}, {"name": None}])
def test_a_tool_that_cannot_be_read_does_not_hide_the_others(other: object) -> None:
    assert [each.name for each in read(text([tool("a"), other, tool("b")]))] == ["a", "b"]


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"{}",
        b"null",
        b"[1]",
        b'["a"]',
        b"[[]]",
        b'[{"name":"a"}',
        b"[" + b"1," * 1_000_000 + b"1]",
        b"[" + b"{}," * 100_001 + b"{}]",
        b'[{"name":"wide","inputSchema":[' + b"[]," * 110_000 + b"[]]}]",
        b"[" + b'{"name":"a"},' * 10_000 + b'{"name":"a"}]',
        b'[{"name":"deep","inputSchema":' + b"[" * 100_000 + b"]" * 100_000 + b"}]",
        b"\xff",
    ],
    ids=repr,
)
def test_what_is_not_a_list_of_tools_is_no_page(other: bytes) -> None:
    assert read_page(other) is None


def test_of_ten_thousand_tools_the_first_are_named_and_the_size_of_the_others_is_known() -> None:
    found = read_page(text(tool(f"{number:05}") for number in range(10_000)))
    assert found is not None
    page = found.page
    assert len(page.tools) == MOST_TOOLS
    assert page.more == 10_000 - MOST_TOOLS
    one = page.tools[0].size
    assert page.more_size == ToolSize(*(part * page.more for part in one))
    assert read_page(b"[]") == (((), 0, NO_SIZE), {})


def test_a_name_is_cut() -> None:
    [found] = read(text([tool("é" * 10_000)]))
    assert len(found.name.encode()) == TOOL_BYTES


def test_tools_of_one_name_are_one_tool_in_any_order() -> None:
    tools = [tool("a", description="x"), tool("b"), tool("a", annotations={"readOnlyHint": True})]
    found, turned = read_page(text(tools)), read_page(text(reversed(tools)))
    assert found is not None
    assert turned is not None
    assert set(found.page.tools) == set(turned.page.tools)
    one, other = found.page.tools
    assert (one.name, one.hints, other.name) == ("a", ToolHints(), "b")
    assert sum(one.size) == sum(len(text([each])) - 2 for each in (tools[0], tools[2]))
    definition = parse(found.forms[one.digest])
    assert definition.description == ["x", None]
    assert definition.input_schema == {"type": "object"}


def test_a_tool_that_is_listed_twice_alike_has_one_definition() -> None:
    [once], [twice] = read(text([tool("a")])), read(text([tool("a"), tool("a")]))
    assert (once.name, once.digest) == (twice.name, twice.digest)


def test_definitions_of_one_name_that_are_long_together_still_have_one_digest() -> None:
    tools = [tool("a", description=letter * 100_000) for letter in "xyz"]
    [one] = read(text(tools))
    [same] = read(text(reversed(tools)))
    [other] = read(text(tools[:2]))
    assert one.digest == same.digest
    assert one.digest != other.digest
