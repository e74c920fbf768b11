"""What changed in a tool: each of thirteen kinds, and nothing for what does not matter."""

from typing import Any

import pytest
from hypothesis import given

from proxy.telemetry.catalogue import ToolChange
from proxy.tools.changes import Change, arrivals, changes
from proxy.tools.definition import LONGEST_COMPARED, Definition, canonical, parse, write
from proxy.tools.parameters import MOST_WORK
from tests.proxy.tools.test_definition import TOOLS

Kinds = list[tuple[str, str]]


def definition(**members: Any) -> Definition:
    form = canonical(write({"name": "t", **members}).encode())
    assert form is not None
    return parse(form)


def of_input(before: object, after: object) -> tuple[Change, ...]:
    return changes(definition(inputSchema=before), definition(inputSchema=after))


def kinds(found: tuple[Change, ...]) -> Kinds:
    return [(each.kind.value, each.parameter) for each in found]


def properties(required: tuple[str, ...] = (), **each: Any) -> dict[str, Any]:
    return {"type": "object", "properties": each, "required": list(required)}


STRING, NUMBER = {"type": "string"}, {"type": "number"}
ITEM = properties(("id",), id=STRING)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (properties(), properties(a=STRING), [("parameter_added", "a")]),
        (properties(a=STRING), properties(), [("parameter_removed", "a")]),
        (properties(), properties(("a",), a=STRING), [("parameter_added", "a")]),
        (properties(a=STRING), properties(("a",), a=STRING), [("parameter_required", "a")]),
        (properties(("a",), a=STRING), properties(a=STRING), [("parameter_type_changed", "a")]),
        (properties(a=STRING), properties(a=NUMBER), [("parameter_type_changed", "a")]),
        (
            properties(a={"type": ["string", "null"]}),
            properties(a={"type": ["null", "string"]}),
            [],
        ),
        (properties(("a", "b"), a={}, b={}), properties(("b", "a"), b={}, a={}), []),
        (
            properties(a={"enum": ["x", "y"]}),
            properties(a={"enum": ["y", "x"]}),
            [],
        ),
        (
            properties(a={"enum": ["x", "y"]}),
            properties(a={"enum": ["y", "z"]}),
            [("enum_narrowed", "a")],
        ),
        (properties(a=STRING), properties(a={**STRING, "enum": ["x"]}), [("enum_narrowed", "a")]),
        (
            properties(a={"enum": ["x"]}),
            properties(a={"enum": ["x", "y"]}),
            [("parameter_type_changed", "a")],
        ),
        (
            properties(a={"anyOf": [{"const": "x"}, {"const": "y"}]}),
            properties(a={"anyOf": [{"const": "x"}]}),
            [("enum_narrowed", "a")],
        ),
        (
            properties(a={"type": "array", "items": {"enum": ["x", "y"]}}),
            properties(a={"type": "array", "items": {"enum": ["x"]}}),
            [("enum_narrowed", "a")],
        ),
        (properties(a=STRING), properties(a={**STRING, "default": 1}), [("default_changed", "a")]),
        (
            properties(a={"default": False}),
            properties(a={"default": 0}),
            [("default_changed", "a")],
        ),
        (
            properties(a=STRING),
            properties(a={**STRING, "description": "d"}),
            [("description_changed", "a")],
        ),
        (
            properties(a={"type": "array", "items": STRING}),
            properties(a={"type": "array", "items": {**STRING, "description": "d"}}),
            [("description_changed", "a")],
        ),
        (
            properties(a={"type": "array", "items": ITEM}),
            properties(a={"type": "array", "items": properties(("id",), id=NUMBER, more=STRING)}),
            [("parameter_type_changed", "a[].id"), ("parameter_added", "a[].more")],
        ),
        (
            properties(a=properties(b=properties(c=STRING))),
            properties(a=properties()),
            [("parameter_removed", "a.b")],
        ),
        (
            properties(a={"anyOf": [ITEM, {"type": "null"}]}),
            properties(a={"anyOf": [properties(id=STRING), {"type": "null"}]}),
            [("parameter_type_changed", "a.id")],
        ),
        (
            {**properties(a={"$ref": "#/$defs/A"}), "$defs": {"A": ITEM}},
            {**properties(a={"$ref": "#/$defs/A"}), "$defs": {"A": properties(id=NUMBER)}},
            [("parameter_type_changed", "a.id"), ("parameter_type_changed", "a.id")],
        ),
        (
            {**properties(a={"$ref": "#/$defs/A"}), "$defs": {"A": ITEM}},
            properties(a=ITEM),
            [],
        ),
        (
            properties(a=STRING),
            {**properties(a=STRING), "additionalProperties": False},
            [("parameter_type_changed", "")],
        ),
        (None, {"type": "object"}, [("parameter_type_changed", "")]),
        ({"type": "object"}, [], [("parameter_type_changed", "")]),
    ],
)
def test_changes_of_parameters(before: object, after: object, expected: Kinds) -> None:
    assert kinds(of_input(before, after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"description": "a"}, {"description": "b"}, "description_changed"),
        ({}, {"description": "b"}, "description_changed"),
        ({"description": 7}, {"description": "7"}, "description_changed"),
        (
            {"annotations": {"destructiveHint": False}},
            {"annotations": {"destructiveHint": True}},
            "annotations_riskier",
        ),
        (
            {"annotations": {"destructiveHint": True}},
            {"annotations": {"destructiveHint": False}},
            "annotations_changed",
        ),
        ({"annotations": {"destructiveHint": True}}, {}, "annotations_changed"),
        ({}, {"annotations": {"readOnlyHint": True}}, "annotations_changed"),
        ({"annotations": {"readOnlyHint": True}}, {}, "annotations_riskier"),
        (
            {"annotations": {"readOnlyHint": True}},
            {"annotations": {"readOnlyHint": True, "destructiveHint": True}},
            "annotations_changed",
        ),
        (
            {"annotations": {"readOnlyHint": True}},
            {"annotations": {"readOnlyHint": "yes", "title": "a"}},
            "annotations_riskier",
        ),
        (
            {"annotations": {"openWorldHint": False}},
            {"annotations": {"openWorldHint": True}},
            "annotations_riskier",
        ),
        ({"annotations": {"title": "a"}}, {"annotations": {"title": "b"}}, "annotations_changed"),
        ({"outputSchema": ITEM}, {"outputSchema": properties(id=STRING)}, "output_schema_changed"),
        ({"outputSchema": ITEM}, {}, "output_schema_changed"),
        (
            {"outputSchema": {"required": ["a", "b"]}},
            {"outputSchema": {"required": ["b", "a"]}},
            "",
        ),
        ({"title": "a", "_meta": {}}, {"title": "b"}, ""),
    ],
)
def test_changes_of_a_tool_itself(
    before: dict[str, Any], after: dict[str, Any], expected: str
) -> None:
    found = kinds(changes(definition(**before), definition(**after)))
    assert found == ([(expected, "")] if expected else [])


def test_a_change_shows_what_was_and_what_is() -> None:
    long = "Reads a file. " * 100
    one = definition(description=long + "It changes nothing.", annotations={"readOnlyHint": True})
    two = definition(description=long + "It may\nchange\x1b[2J it.", annotations={"x": "secret"})
    text, hints = changes(one, two)
    assert text.before.endswith("changes nothing.")
    assert text.after.endswith("may\\nchange\\x1b[2J it.")
    assert (hints.before, hints.after) == ("readOnlyHint true", "")


@given(TOOLS, TOOLS)
def test_any_two_definitions_are_compared_in_lines_that_are_short_and_printable(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = (definition(**{**each, "name": "t"}) for each in (one, other))
    assert changes(first, first) == ()
    for change in changes(first, second):
        for side in (change.before, change.after):
            assert side.isprintable()
            assert len(side) <= 300


def test_a_schema_that_grows_without_end_is_compared_in_bounded_work() -> None:
    names = [f"D{number}" for number in range(12)]
    definitions: dict[str, Any] = {
        name: {"properties": {f"p{each}": {"$ref": f"#/$defs/{after}"} for each in range(50)}}
        for name, after in zip(names, [*names[1:], names[0]], strict=True)
    }
    before = {**properties(a={"$ref": "#/$defs/D0"}), "$defs": definitions}
    after = {**before, "$defs": {**definitions, "D11": {"properties": {"z": STRING}}}}
    assert kinds(of_input(before, after)) == [("parameter_type_changed", "")]
    endless: dict[str, Any] = {"$ref": "#/$defs/a"}
    wide = {**properties(a=endless), "$defs": {"a": {"anyOf": [{"items": endless}] * 9}}}
    assert kinds(of_input(wide, properties(a=endless))) == [("parameter_type_changed", "")]
    assert of_input({**properties(a=endless), "$defs": {"a": endless}}, properties(a=endless)) == ()


def long_parts() -> dict[str, Any]:
    """Schemas that would take gigabytes if each reference were replaced by what it refers to."""
    members = {f"x{number:05}": 0 for number in range(12_000)}
    texts = {"default": "d" * 150_000}
    parts = {"members": members, "default": texts, "required": {"required": [*members]}}
    many = {f"p{number}": {"$ref": "#/$defs/a"} for number in range(1200)}
    return {
        **{name: {"properties": many, "$defs": {"a": part}} for name, part in parts.items()},
        "names": {"properties": {"n" * 100_000: {"properties": dict.fromkeys("0123456789", {})}}},
    }


@pytest.mark.parametrize("schema", long_parts().values(), ids=long_parts())
def test_work_is_bounded_however_long_the_parts_of_a_schema_are(schema: dict[str, Any]) -> None:
    work: list[int] = []
    other = {**schema, "title": "other"}
    before, after = (definition(inputSchema=each) for each in (schema, other))
    assert [each.kind for each in changes(before, after, work.append)] == [
        ToolChange.PARAMETER_TYPE_CHANGED
    ]
    assert sum(work) < 4 * (MOST_WORK + LONGEST_COMPARED)


def test_a_parameter_within_a_removed_one_is_found_by_its_path_of_limited_length() -> None:
    dots = "." * 100_000
    found = of_input({"properties": {dots: properties(a=STRING)}}, {"properties": {}})
    assert {kind for kind, _ in kinds(found)} == {"parameter_removed"}


def test_a_hundred_thousand_levels_are_no_definition_and_a_few_hundred_are_compared() -> None:
    for levels, change in ((300, True), (900, True)):
        deep: Any = STRING
        for _ in range(levels):
            deep = {"type": "array", "items": deep}
        form = canonical(write({"name": "t", "inputSchema": properties(a=deep)}).encode())
        if form is None:  # Deeper than the decoder goes.
            continue
        assert bool(changes(definition(inputSchema=properties(a=STRING)), parse(form))) is change


@pytest.mark.parametrize(
    ("gone", "new", "expected"),
    [
        ({"a": {"inputSchema": ITEM}}, {"b": {"inputSchema": ITEM}}, {"a": "b"}),
        ({"a": {"inputSchema": ITEM}}, {"b": {"inputSchema": properties()}}, {}),
        (
            {"a": {"description": "x"}, "b": {"description": "y"}},
            {"c": {"description": "y"}, "d": {"description": "x"}},
            {"a": "d", "b": "c"},
        ),
        ({"a": {}, "b": {}}, {"c": {}}, {"a": "c"}),
    ],
)
def test_a_tool_is_renamed_if_another_with_its_schema_takes_its_place(
    gone: dict[str, Any], new: dict[str, Any], expected: dict[str, str]
) -> None:
    sides = ({name: definition(**each) for name, each in side.items()} for side in (gone, new))
    found = arrivals(*sides)
    renamed = [each for _, each in found if each.kind is ToolChange.TOOL_RENAMED]
    assert {each.before: each.after for each in renamed} == expected
    assert len(found) == len(gone) + len(new) - len(renamed)


def test_tools_that_are_not_known_are_not_renamed_and_others_are_shown_in_a_line() -> None:
    known = definition(description="a\nb", inputSchema=properties(x=STRING, y=STRING))
    assert arrivals({"a": None, "c": known}, {"b": None}) == [
        ("a", Change(ToolChange.TOOL_REMOVED, "", "", "")),
        ("c", Change(ToolChange.TOOL_REMOVED, "", "(x, y) a\\nb", "")),
        ("b", Change(ToolChange.TOOL_ADDED, "", "", "")),
    ]


def test_every_kind_is_a_label() -> None:
    assert len(ToolChange) == 13
