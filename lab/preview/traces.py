"""Traces as a board shows them: the newest of a server in a list, and one of them span by span."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboards.board import SERVER
from lab.jaeger_api import Jaeger, Span

LIMIT = 20
"""How many traces a board lists."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of one trace, at least one."""

    spans: tuple[Span, ...]

    @property
    def root(self) -> Span:
        """The span that the others are below; the earliest, if its own parent is not here."""
        return next(self.tree())[1]

    @property
    def start(self) -> float:
        """In seconds since the epoch."""
        return min(each.start for each in self.spans)

    @property
    def seconds(self) -> float:
        """From the first start to the last end."""
        return max(each.start + each.seconds for each in self.spans) - self.start

    def tree(self) -> Iterator[tuple[int, Span]]:
        """Every span with its depth, each below its parent, in the order of their starts.

        Spans whose parents form a cycle, which nothing forbids, begin with the earliest.
        """
        here = {each.span_id for each in self.spans}
        order = sorted(self.spans, key=lambda each: (each.start, each.span_id))
        below: dict[str, list[Span]] = {}
        for each in order:
            below.setdefault(each.parent_id, []).append(each)
        seen: set[str] = set()
        roots = (each for each in order if each.parent_id not in here)
        for top in (*roots, *order):
            waiting = [(0, top)]
            while waiting:
                depth, span = waiting.pop()
                if span.span_id not in seen:
                    seen.add(span.span_id)
                    yield depth, span
                    children = reversed(below.get(span.span_id, []))
                    waiting += [(depth + 1, each) for each in children]


def newest(
    jaeger: Jaeger, chosen: Mapping[str, str], start: float, end: float
) -> tuple[Trace, ...]:
    """The newest traces of the chosen server, newest first; raises Unreachable.

    The variable `tags` narrows them, such as `error=true`; quotes around a value are no part of it.
    """
    name, _, value = chosen.get("tags", "").partition("=")
    value = value.removeprefix('"').removesuffix('"')
    tags = {name: value} if value else {}
    found = jaeger.traces(chosen[SERVER.name], LIMIT, tags, start=start, end=end)
    traces = (Trace(each) for each in found if each)
    return tuple(sorted(traces, key=lambda each: (-each.start, each.root.trace_id)))


def one_trace(
    jaeger: Jaeger, chosen: Mapping[str, str], start: float, end: float
) -> tuple[Trace, ...]:
    """The trace with the chosen id, else the slowest of the newest; raises Unreachable."""
    if chosen.get("trace"):
        spans = jaeger.trace(chosen["trace"])
        return (Trace(spans),) if spans else ()
    return tuple(sorted(newest(jaeger, chosen, start, end), key=lambda each: -each.seconds))[:1]


def failed(span: Span) -> bool:
    """Whether the span says that what it covers failed."""
    return span.tags.get("error") == "true"
