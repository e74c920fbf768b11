"""Arguments that travel as headers too: which, how, and whether they agree."""

from typing import Any

import pytest

from proxy.translation.parameters import Parameters

STRING = {"type": "string", "x-mcp-header": "Region"}


def knowing(**properties: Any) -> Parameters:
    """The parameters of a server whose tool `t` has that schema."""
    found = Parameters()
    found.learn([{"name": "t", "inputSchema": {"type": "object", "properties": properties}}])
    return found


@pytest.mark.parametrize(
    ("kind", "value", "header"),
    [
        ("string", "us-west1", b"us-west1"),
        ("string", " x ", b"=?base64?IHgg?="),
        ("integer", -7, b"-7"),
        ("boolean", True, b"true"),
        ("boolean", False, b"false"),
    ],
)
def test_an_annotated_argument_becomes_a_header(kind: str, value: Any, header: bytes) -> None:
    known = knowing(where={"type": kind, "x-mcp-header": "Region"}, other={"type": "string"})
    arguments = {"where": value, "other": "x"}
    made = known.headers_of("t", arguments)
    assert made == [(b"mcp-param-region", header)]
    assert known.mismatch("t", arguments, made) is None


def test_nested_properties_are_reached_by_properties_only() -> None:
    inner = {"type": "object", "properties": {"where": STRING}}
    listed = {"type": "array", "items": inner}
    known = knowing(deep=inner, many=listed)
    arguments = {"deep": {"where": "a"}, "many": [{"where": "b"}]}
    assert known.headers_of("t", arguments) == [(b"mcp-param-region", b"a")]


@pytest.mark.parametrize("arguments", [{}, {"where": None}, None, [], {"where": {"x": 1}}])
def test_an_argument_that_is_not_there_becomes_no_header(arguments: Any) -> None:
    known = knowing(where=STRING)
    assert known.headers_of("t", arguments) == []
    assert known.mismatch("t", arguments, ()) is None
    assert known.mismatch("t", arguments, [(b"mcp-param-region", b"a")]) is not None


@pytest.mark.parametrize(
    "annotation",
    [
        {"type": "number", "x-mcp-header": "Region"},
        {"type": "string", "x-mcp-header": ""},
        {"type": "string", "x-mcp-header": "a b"},
        {"type": "string", "x-mcp-header": 3},
        {"type": "string"},
        7,
    ],
)
def test_an_annotation_that_is_not_valid_makes_no_header(annotation: Any) -> None:
    assert knowing(where=annotation).headers_of("t", {"where": "a"}) == []


@pytest.mark.parametrize(
    "values",
    [[], [b"other"], [b"a", b"a"], [b"=?base64?%?="], [b"\xe9"], [b"=?base64?Yg==?="]],
)
def test_headers_that_disagree_are_refused(values: list[bytes]) -> None:
    given = [(b"mcp-param-region", value) for value in values]
    refused = knowing(where=STRING).mismatch("t", {"where": "a"}, given)
    assert refused is not None
    assert refused.code == -32020


def test_texts_are_not_compared_as_numbers() -> None:
    given = [(b"mcp-param-region", b"42.0")]
    assert knowing(where=STRING).mismatch("t", {"where": "42"}, given) is not None


@pytest.mark.parametrize(
    ("header", "agrees"), [(b"42", True), (b"42.0", True), (b"43", False), (b"4x", False)]
)
def test_integers_are_compared_as_numbers(header: bytes, *, agrees: bool) -> None:
    known = knowing(n={"type": "integer", "x-mcp-header": "N"})
    refused = known.mismatch("t", {"n": 42}, [(b"mcp-param-n", header)])
    assert (refused is None) is agrees


@pytest.mark.parametrize("header", [b"1", b"1.0", b"True"])
def test_a_truth_value_is_no_number(header: bytes) -> None:
    known = knowing(b={"type": "boolean", "x-mcp-header": "B"})
    assert known.mismatch("t", {"b": True}, [(b"mcp-param-b", header)]) is not None


@pytest.mark.parametrize(
    "tools", [None, 7, [7], [{}], [{"name": "t"}], [{"name": "t", "inputSchema": 1}]]
)
def test_lists_of_anything_are_taken(tools: Any) -> None:
    known = Parameters()
    known.learn(tools)
    assert known.headers_of("t", {"where": "a"}) == []
