"""Why a query has no data: the first hop, on the way of its series, that does not have them. Pure.

The way is proxy, collector, scrape, relabelling, recording rule; what was found at each is `Seen`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lab.prometheus_api import Target

_TEXT = r'"(?:[^"\\]|\\.)*"'
_MATCHERS = rf"\{{(?:[^{{}}\"]|{_TEXT})*\}}"
_WORD = re.compile(
    rf"{_TEXT}|(?P<name>[a-zA-Z_:][\w:]*)?\s*(?P<labels>{_MATCHERS})|[a-zA-Z_:][\w:]*"
)
_BY = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_PATTERN = re.compile(r'__name__\s*=~\s*"([^"]*)"')

_SYNTAX = frozenset({"and", "or", "unless", "offset", "bool", "inf", "nan"})


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector as it stands in a query, and the expression for the names it can select."""

    text: str
    pattern: str

    def named_in(self, names: Iterable[str]) -> bool:
        """Whether one of the names is the selector's."""
        return any(re.fullmatch(self.pattern, each) for each in names)


@dataclass(frozen=True, slots=True)
class Seen:
    """The names of series at each hop; `emitted` are those that only a proxy of ours can tell.

    `collected` is None where the collector shows nobody what it holds, as with remote write.
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
    found = (_selector(bare, each) for each in _WORD.finditer(bare))
    return tuple(dict.fromkeys(each for each in found if each))


def _selector(expr: str, word: re.Match[str]) -> Selector | None:
    text, name = word[0], word["name"]
    if text.startswith('"'):
        return None
    if word["labels"]:
        pattern = _PATTERN.search(word["labels"])
        return Selector(text, name or (pattern[1] if pattern else ".+"))
    # A number's exponent or a duration's unit follows a digit, a function's arguments its name.
    called = expr[word.end() :].lstrip().startswith("(")
    unit = expr[: word.start()][-1:].isdigit()
    syntax = called or unit or text.lower() in _SYNTAX
    return None if syntax else Selector(text, re.escape(text))


def why(expr: str, seen: Seen, matched: Callable[[str], bool]) -> str:
    """The first selector of `expr` without series, and the hop that lacks them.

    `matched` says whether Prometheus has a series for a selector.
    """
    for each in selectors(expr):
        if not matched(each.text):
            return f"{each.text}: {_hop(each, seen, matched)}"
    return "all its series are there: it is the expression that yields nothing"


def _hop(selector: Selector, seen: Seen, matched: Callable[[str], bool]) -> str:
    if selector.named_in(seen.stored):
        return "the name is stored, but with other labels"
    for record, expr in seen.rules.items():
        if selector.named_in((record,)):
            return f"the recording rule yields nothing, since {why(expr, seen, matched)}"
    if selector.named_in(seen.emitted):
        return _our_hop(selector, seen)
    return _scrape(selector, seen)


def _our_hop(selector: Selector, seen: Seen) -> str:
    if not selector.named_in(seen.exposed):
        return "the proxy does not expose it"
    if not seen.pushed:
        return _scrape(selector, seen)
    if seen.collected is None:
        return "the proxy exposes it, but the collector did not write it to Prometheus"
    if not selector.named_in(seen.collected):
        return "the proxy exposes it, but the collector did not get it"
    return _scrape(selector, seen)


def _scrape(selector: Selector, seen: Seen) -> str:
    if selector.named_in(seen.scraped):
        return "a target exposes it, but relabelling dropped it"
    if down := [each for each in seen.targets if each.error]:
        told = ", ".join(f"{each.job} at {each.url}: {each.error}" for each in down)
        return f"Prometheus did not scrape {told}"
    return "none of Prometheus' targets exposes it"
