"""Why a query has no data: the first hop that lacks its series. Pure.

The hops are proxy, collector, scrape, relabelling and recording rule.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lab.prometheus_api import Target

_TEXT = r'"(?:[^"\\]|\\.)*"'
_MATCHERS = rf"\{{(?:[^{{}}\"]|{_TEXT})*\}}"
_TOKEN = re.compile(
    rf"{_TEXT}|(?P<name>[a-zA-Z_:][\w:]*)?\s*(?P<labels>{_MATCHERS})|[a-zA-Z_:][\w:]*"
)
_BY = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_PATTERN = re.compile(r'__name__\s*=~\s*"([^"]*)"')

_SYNTAX = frozenset({"and", "or", "unless", "offset", "bool", "inf", "nan"})


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector as written in a query, and a regular expression for the names it matches."""

    text: str
    pattern: str

    def matches_any(self, names: Iterable[str]) -> bool:
        return any(re.fullmatch(self.pattern, each) for each in names)


@dataclass(frozen=True, slots=True)
class HopNames:
    """The series names at each hop; `emitted` are all that our proxy can emit.

    `collected` is None where the collector does not expose its series, as with remote write.
    """

    emitted: frozenset[str]
    exposed: frozenset[str]
    pushed: bool
    collected: frozenset[str] | None
    targets: tuple[Target, ...]
    scraped: frozenset[str]
    stored: frozenset[str]
    rules: Mapping[str, str]
    """Recorded name -> its expression."""


def selectors(expr: str) -> tuple[Selector, ...]:
    """The selectors of an expression, in order, each once."""
    bare = _BY.sub(" ", expr)
    found = (_selector(bare, each) for each in _TOKEN.finditer(bare))
    return tuple(dict.fromkeys(each for each in found if each))


def _selector(expr: str, token: re.Match[str]) -> Selector | None:
    text, name = token[0], token["name"]
    if text.startswith('"'):
        return None
    if token["labels"]:
        pattern = _PATTERN.search(token["labels"])
        return Selector(text, name or (pattern[1] if pattern else ".+"))
    # A number's exponent or a duration's unit follows a digit, a function's arguments its name.
    called = expr[token.end() :].lstrip().startswith("(")
    unit = expr[: token.start()][-1:].isdigit()
    syntax = called or unit or text.lower() in _SYNTAX
    return None if syntax else Selector(text, re.escape(text))


def explain(expr: str, names: HopNames, matched: Callable[[str], bool]) -> str:
    """The first selector of `expr` without series, and the hop that lacks them.

    `matched` returns whether Prometheus has a series for a selector.
    """
    for each in selectors(expr):
        if not matched(each.text):
            return f"{each.text}: {_hop(each, names, matched)}"
    return "all its series are there: it is the expression that yields nothing"


def _hop(selector: Selector, names: HopNames, matched: Callable[[str], bool]) -> str:
    if selector.matches_any(names.stored):
        return "the name is stored, but with other labels"
    for record, expr in names.rules.items():
        if selector.matches_any((record,)):
            return f"the recording rule yields nothing, since {explain(expr, names, matched)}"
    if selector.matches_any(names.emitted):
        return _our_hop(selector, names)
    return _scrape(selector, names)


def _our_hop(selector: Selector, names: HopNames) -> str:
    if not selector.matches_any(names.exposed):
        return "the proxy does not expose it"
    if not names.pushed:
        return _scrape(selector, names)
    if names.collected is None:
        return "the proxy exposes it, but the collector did not write it to Prometheus"
    if not selector.matches_any(names.collected):
        return "the proxy exposes it, but the collector did not get it"
    return _scrape(selector, names)


def _scrape(selector: Selector, names: HopNames) -> str:
    if selector.matches_any(names.scraped):
        return "a target exposes it, but relabelling dropped it"
    if down := [each for each in names.targets if each.error]:
        failures = ", ".join(f"{each.job} at {each.url}: {each.error}" for each in down)
        return f"Prometheus did not scrape {failures}"
    return "none of Prometheus' targets exposes it"
