"""What Grafana itself says of a board: a JSON Schema of its types, and the names that it knows.

Both are drawn at test time from the npm packages pinned in tools/grafana, so nothing here can
disagree with Grafana.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from tests import npm

Json = dict[str, Any]

SCHEMA, VOCABULARY = "schema.json", "vocabulary.json"

UNTYPED = {
    "dashboard": {"__requires"},
    "annotation": {"expr", "step", "titleFormat"},
    "variable": {"definition"},
}
"""What Grafana writes and reads though its TypeScript types lack it: the import page's list of
needs, what Prometheus' annotations add, a query variable's query as text."""

WITHOUT_OPTIONS = {"row", "traces"}
WITHOUT_CUSTOM = {"bargauge", "logs", "stat", "text", "traces"}
"""The types of panels that have no such settings of their own."""


@dataclass(frozen=True, slots=True)
class Grafana:
    """The schema of each part of a board, and the known names of each kind."""

    schema: Json
    names: Mapping[str, frozenset[str]]

    def complaints(self, dashboard: Json) -> list[str]:
        """One line for everything that is not as Grafana's types have it.

        Strictly: what they require has to be there, though Grafana would fill much of it in.
        """
        return list(_complaints(_Parts(self.schema), dashboard))

    def unknown(self, dashboard: Json) -> list[str]:
        """One line for every name that Grafana would ignore in silence."""
        used = {(kind, name) for panel in dashboard["panels"] for kind, name in _named(panel)}
        return [
            f"unknown {kind} {name}"
            for kind, name in sorted(used, key=str)
            if name not in self.names[kind]
        ]


def own(environment: Mapping[str, str]) -> Grafana:
    """Grafana's schema and names, made once. Raises NotInstalled."""
    return _read(npm.installed("grafana", environment, finish=_draw))


@lru_cache(maxsize=1)
def _read(home: Path) -> Grafana:
    schema = json.loads((home / SCHEMA).read_text())
    names = json.loads((home / VOCABULARY).read_text())
    return Grafana(
        schema["definitions"]["Grafana"]["properties"],
        {kind: frozenset(each) for kind, each in names.items()},
    )


def _draw(folder: Path) -> None:
    generator = "node_modules/ts-json-schema-generator/bin/ts-json-schema-generator.js"
    options = {
        "--path": str(folder / "board.ts"),
        "--tsconfig": str(folder / "tsconfig.json"),
        "--type": "Grafana",
        "--expose": "none",
        "--out": str(folder / SCHEMA),
    }
    npm.run(
        folder, generator, "--no-type-check", *(part for each in options.items() for part in each)
    )
    (folder / VOCABULARY).write_text(npm.run(folder, "vocabulary.cjs"))


class _Parts:
    """Validators of a board's parts."""

    def __init__(self, schema: Json) -> None:
        self.dashboard = Draft7Validator(schema["dashboard"])
        self.row = Draft7Validator(schema["row"])
        self.panel = Draft7Validator(schema["panel"])
        self.options: Json = schema["options"]["properties"]
        self.custom: Json = schema["custom"]["properties"]
        config = schema["panel"]["properties"]["fieldConfig"]["properties"]["defaults"]
        self.fields: Json = config["properties"]


def _complaints(parts: _Parts, dashboard: Json) -> Iterator[str]:
    yield from _errors("dashboard", parts.dashboard, _typed(dashboard))
    for panel in dashboard["panels"]:
        name = f'{panel["type"]} "{panel["title"]}"'
        if panel["type"] == "row":
            yield from _errors(name, parts.row, panel)
            continue
        yield from _errors(name, parts.panel, panel)
        yield from _of_type(name, parts, panel)
        yield from _overrides(name, parts, panel)


def _of_type(name: str, parts: _Parts, panel: Json) -> Iterator[str]:
    """What is wrong with the settings that only this type of panel has."""
    kind, custom = panel["type"], panel["fieldConfig"]["defaults"].get("custom", {})
    if kind in parts.options:
        yield from _errors(
            f"{name} options", Draft7Validator(parts.options[kind]), panel["options"]
        )
    elif kind not in WITHOUT_OPTIONS:
        yield f"{name}: no schema of its options"
    if kind in parts.custom:
        yield from _errors(f"{name} custom", Draft7Validator(parts.custom[kind]), custom)
    elif custom or kind not in WITHOUT_CUSTOM:
        yield f"{name}: no schema of its custom settings"


def _overrides(name: str, parts: _Parts, panel: Json) -> Iterator[str]:
    """What is wrong with a property's id or value, which the types leave open."""
    custom = parts.custom.get(panel["type"], {}).get("properties", {})
    known = parts.fields | {f"custom.{key}": each for key, each in custom.items()}
    for override in panel["fieldConfig"]["overrides"]:
        for each in override["properties"]:
            if each["id"] in known:
                schema = Draft7Validator(known[each["id"]])
                yield from _errors(f"{name} override {each['id']}", schema, each["value"])
            else:
                yield f"{name}: unknown override property {each['id']}"


def _typed(dashboard: Json) -> Json:
    """The board without its panels and without what is known to be missing in the types."""
    kept = _without(dashboard, UNTYPED["dashboard"] | {"panels"})
    annotations = [_without(a, UNTYPED["annotation"]) for a in dashboard["annotations"]["list"]]
    variables = [_without(v, UNTYPED["variable"]) for v in dashboard["templating"]["list"]]
    return kept | {"annotations": {"list": annotations}, "templating": {"list": variables}}


def _without(whole: Json, keys: Iterable[str]) -> Json:
    return {key: each for key, each in whole.items() if key not in keys}


def _errors(name: str, validator: Draft7Validator, value: object) -> Iterator[str]:
    for error in validator.iter_errors(value):
        yield f"{name}: {error.json_path}: {error.message[:200]}"


def _named(panel: Json) -> Iterator[tuple[str, str]]:
    """The names in a panel, each with its kind."""
    if panel["type"] == "row":
        return
    options, config = panel["options"], panel["fieldConfig"]
    for calcs in (options.get("legend", {}), options.get("reduceOptions", {})):
        yield from (("reducer", name) for name in calcs.get("calcs", ()))
    yield from (("transformation", each["id"]) for each in panel.get("transformations", ()))
    yield from (("matcher", each["matcher"]["id"]) for each in config["overrides"])
    properties = [each for override in config["overrides"] for each in override["properties"]]
    for each in (config["defaults"], *({each["id"]: each["value"]} for each in properties)):
        yield from _looks(each)


def _looks(settings: Json) -> Iterator[tuple[str, str]]:
    """The names of units and colours in a field's settings."""
    if "unit" in settings:
        yield "unit", settings["unit"]
    if "color" in settings:
        yield "colour mode", settings["color"]["mode"]
        if "fixedColor" in settings["color"]:
            yield "colour", settings["color"]["fixedColor"]
    for step in settings.get("thresholds", {}).get("steps", ()):
        yield "colour", step["color"]
