"""Arguments are checked against a listed schema, in bounded time whatever the schema is."""

from typing import Any

import pytest

from proxy.tools import argument_check
from proxy.tools.argument_check import ArgumentCheck

SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "kind": {"enum": ["a", "b"]}},
    "required": ["text"],
    "additionalProperties": False,
}


def invalid(schema: Any, arguments: Any, length: int = 100) -> bool:
    return ArgumentCheck(lambda tool: (b"1", lambda: schema)).is_invalid("t", arguments, length)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"text": "x"}, False),
        ({"text": "x", "kind": "b"}, False),
        ({}, True),
        ({"text": 1}, True),
        ({"text": "x", "kind": "c"}, True),
        ({"text": "x", "more": 1}, True),
        (None, True),
        ([], True),
    ],
)
def test_arguments_that_break_the_schema_are_found(arguments: Any, expected: bool) -> None:
    assert invalid(SCHEMA, arguments) is expected


def test_parts_of_the_schema_itself_are_referred_to() -> None:
    schema = {
        "$defs": {"a/b": {"type": "string"}},
        "properties": {"x": {"$ref": "#/$defs/a~1b"}, "$ref": {"type": "integer"}},
    }
    assert not invalid(schema, {"x": "s", "$ref": 1})
    assert invalid(schema, {"x": 1})


RECURSIVE = {"$defs": {"n": {"anyOf": [{"properties": {"n": {"$ref": "#/$defs/n"}}}] * 2}}}


def doubling() -> Any:
    """Each of 40 parts refers twice to the next one."""
    parts = {str(each): {"anyOf": [{"$ref": f"#/$defs/{each + 1}"}] * 2} for each in range(40)}
    return {"$defs": {**parts, "40": {"type": "string"}}, "$ref": "#/$defs/0"}


def chain() -> Any:
    parts = {str(each): {"$ref": f"#/$defs/{each + 1}"} for each in range(3000)}
    return {"$defs": {**parts, "3000": {"type": "string"}}, "$ref": "#/$defs/0"}


def unevaluated(deep: int) -> Any:
    """Each of these keywords has the validator look twice at all that lies within."""
    schema: Any = {"type": "object"}
    for _ in range(deep):
        within = {"anyOf": [schema, {"type": "object"}]}
        schema = {**within, "unevaluatedProperties": {"type": "string"}}
    return schema


def test_keywords_that_take_long_are_allowed_a_few_times() -> None:
    assert invalid(unevaluated(3), {"x": 1})
    assert invalid({"properties": {"x": {"pattern": "^[a-z]+$"}}}, {"x": "1"})


@pytest.mark.parametrize(
    "schema",
    [
        chain(),
        {"$ref": "http://127.0.0.1:1/schema"},
        {"$schema": "http://127.0.0.1:1/meta", "type": "string"},
        {"$ref": "#"},
        {**RECURSIVE, "$ref": "#/$defs/n"},
        doubling(),
        {"enum": list(range(argument_check.MOST_NODES))},
        {"type": "nonsense"},
        {"pattern": "(?=a)b"},
        {"pattern": "(((((a{1,99}){1,99}){1,99}){1,99}){1,99})"},
        unevaluated(24),
        {"$defs": {"a": {"$ref": f"#/{'%41' * 40_000}"}}, "allOf": [{"$ref": "#/$defs/a"}] * 900},
        {"properties": {f"{each}": {"pattern": f"(\\pL){each}"} for each in range(100)}},
        {"patternProperties": {f"(\\pL){each}": False for each in range(100)}, "required": ["y"]},
        {"allOf": [{"$ref": "#/allOf/1"}, {"required": ["y"]}]},
        {"required": ["y"], "properties": {"x": {"$id": "http://localhost/x"}}},
        5,
        None,
    ],
    ids=lambda schema: repr(schema)[:40],
)
def test_a_schema_that_is_not_valid_or_could_take_long_is_not_checked(schema: Any) -> None:
    assert not invalid(schema, {"x": 1})


def test_arguments_that_would_take_long_are_not_checked() -> None:
    assert invalid(SCHEMA, {}, 1000)
    assert not invalid(SCHEMA, {}, argument_check.MOST_WORK)


def test_an_unknown_tool_is_not_checked() -> None:
    assert not ArgumentCheck(lambda tool: None).is_invalid("t", {}, 2)


def test_the_schema_of_a_new_definition_takes_the_place_of_the_old_one() -> None:
    schemas = {b"1": SCHEMA, b"2": {}}
    digest = b"1"
    check = ArgumentCheck(lambda tool: (digest, lambda: schemas[digest]))
    assert check.is_invalid("t", {}, 2)
    digest = b"2"
    assert not check.is_invalid("t", {}, 2)


def test_a_server_with_another_large_schema_for_each_call_does_not_have_each_compiled() -> None:
    large = {"enum": list(range(argument_check.MOST_NODES - 10))}
    schemas = iter(range(100))
    check = ArgumentCheck(lambda tool: (b"%d" % next(schemas), lambda: large))
    found = [check.is_invalid("t", {}, 2) for _ in range(20)]
    assert found[0]
    assert not all(found)


def test_validators_are_kept_in_a_bounded_number() -> None:
    check = ArgumentCheck(lambda tool: (tool.encode(), lambda: SCHEMA))
    for number in range(argument_check.MOST_VALIDATORS + 5):
        assert check.is_invalid(f"{number}", {}, 2)
    assert repr(check) == f"<ArgumentCheck validators={argument_check.MOST_VALIDATORS}>"
