"""A selector of the series contract -> that of a dialect: its name and its matches on labels."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboards import promql
from dashboards.promql import Match
from dashboards.series import SELECTED, SELECTED_TARGETS
from dashboards.variants.label_schema import EmbeddedLabel, LabelSchema, SeriesMapping

Labels = Mapping[str, str]
"""Labels of the contract -> labels here, of those that an expression's series carry."""

_SERVED = promql.ne("server", "")

_OPERATORS = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}


@dataclass(frozen=True, slots=True)
class Selected:
    """A translated selector, without window and offset; `server` as in its `SeriesMapping`."""

    text: str
    labels: Labels
    server: EmbeddedLabel | None

    def served(self, text: str) -> str:
        """An expression of the selected series, with the label `server` if they have none."""
        if self.server is None:
            return text
        given = ("server", "$1", self.server.label, self.server.captured)
        return f"label_replace({text}, {', '.join(map(quoted, given))})"


def quoted(text: str) -> str:
    """A string as PromQL writes it."""
    return json.dumps(text, ensure_ascii=False)


def selected(node: Any, dialect: LabelSchema) -> Selected | None:
    """The selector of the grammar in the dialect; None where it has no such series or labels."""
    matches = [_match(each) for each in node.matchers.matchers]
    found = _found(node.name, matches, dialect)
    if found is None:
        return None
    name, spelling = found
    inside = _matches(spelling, matches, dialect)
    if inside is None:
        return None
    labels = dict(spelling.labels)
    if spelling.server:
        labels["server"] = "server"
    return Selected(promql.selector(name, *inside, *spelling.where), labels, spelling.server)


def _match(found: Any) -> Match:
    return Match(found.name, _OPERATORS[str(found.op)], found.value)


def _found(
    name: str | None, matches: list[Match], dialect: LabelSchema
) -> tuple[str, SeriesMapping] | None:
    """The name to select by, and how what has it is spelled; a pattern's name is a match."""
    if name is not None:
        spelling = dialect.spelling(name)
        return (spelling.name, spelling) if spelling else None
    pattern = next(each for each in matches if each.label == "__name__")
    matches.remove(pattern)
    names = [pattern.value, *pattern.value.split("|")]
    spellings = {each: dialect.spelling(each) for each in names}
    found = [each for each in spellings.values() if each]
    if not found:
        return None
    if found[0].pattern or len(found) > 1:
        spelled = "|".join(dict.fromkeys(each.name for each in found))
        matches.insert(0, promql.like("__name__", spelled))
        common = set.intersection(*(set(each.labels) for each in found)) | {"__name__"}
        labels = {each: found[0].labels.get(each, each) for each in common}
        return "", SeriesMapping(spelled, labels)
    return found[0].name, found[0]


def _matches(
    spelling: SeriesMapping, matches: list[Match], dialect: LabelSchema
) -> list[Match] | None:
    """The matches in the spelling's labels; None if one is on a label that is missing."""
    if SELECTED_TARGETS.matches[0] in matches and spelling.server:
        place = matches.index(SELECTED_TARGETS.matches[0])
        matches[place : place + 1] = SELECTED.matches
    inside = []
    for each in matches:
        if spelling.server and each == _SERVED:
            continue
        match = _matched(spelling, each, dialect)
        if match is None:
            return None
        inside.append(match)
    return inside


def _matched(spelling: SeriesMapping, match: Match, dialect: LabelSchema) -> Match | None:
    if match.label == "server" and spelling.server:
        within = spelling.server
        return Match(within.label, match.operator, within.matching(match.value))
    label = spelling.labels.get(match.label)
    # The board's variable holds values of the dialect's label: no other emitter knows them.
    if label is None or ("$namespace" in match.value and label != dialect.namespace):
        return None
    return Match(label, match.operator, dialect.value(match.label, match.value))
