"""The times of all queries as markdown: how many are within the bound, and the slowest."""

from collections.abc import Sequence

from dashboards.recordings.recording import Group
from lab.preview.time_range import seconds
from tests.bench.boards.asking import Took

BOUND_SECONDS = 1.0
RECORDED_BOUND_SECONDS = 2.5
"""Of a query that reads nothing but recorded series: what could be done before was done."""
SHARE = 0.1
"""Of its interval that a group of rules may need: Prometheus has other work."""
LISTED = 12
"""How many of the slowest queries a table shows."""


def summary(name: str, took: Sequence[Took]) -> str:
    """One line of the first table."""
    slow = [each for each in took if late(each)]
    whole = sum(each.cpu_seconds for each in took)
    slowest = max(each.seconds for each in took)
    return f"| {name} | {len(took)} | {len(slow)} | {slowest:.2f} s | {whole:.1f} s |"


SUMMARY_HEAD = (
    f"| asked | queries | over {BOUND_SECONDS:g} s, or {RECORDED_BOUND_SECONDS:g} s if recorded"
    " | slowest | CPU of all |\n|---|--:|--:|--:|--:|"
)


def slowest(took: Sequence[Took]) -> str:
    """The slowest queries, those over the bound all of them."""
    ranked = sorted(took, key=lambda each: (not each.error, -each.seconds, each.asked.expr))
    shown = ranked[: max(LISTED, sum(map(late, took)))]
    rows = (
        f"| {_who(each)} | {'recorded' if each.asked.recorded else 'raw'}"
        f" | {each.seconds:.2f} s | {each.cpu_seconds:.2f} s | {_size(each)} |"
        for each in shown
    )
    return "\n".join(("| query of | reads | time | CPU | answer |", "|---|---|--:|--:|--:|", *rows))


RULES_HEAD = "| rules | every | one evaluation | CPU | of the time |\n|---|--:|--:|--:|--:|"


def rules(group: Group, took: Sequence[Took]) -> str:
    """One line of the table of rules: how much of its interval a group needs."""
    whole = _whole(took)
    share = whole / seconds(group.interval)
    cpu = sum(each.cpu_seconds for each in took)
    return f"| {group.name} | {group.interval} | {whole:.1f} s | {cpu:.1f} s | {share:.0%} |"


def behind(group: Group, took: Sequence[Took]) -> bool:
    """Whether the rules of a group need more than their share of the interval."""
    failed = any(each.error for each in took)
    return failed or _whole(took) > SHARE * seconds(group.interval)


def _whole(took: Sequence[Took]) -> float:
    return sum(each.seconds for each in took)


def late(took: Took) -> bool:
    """Whether a query failed or took longer than it may."""
    bound = RECORDED_BOUND_SECONDS if took.asked.recorded else BOUND_SECONDS
    return bool(took.error) or took.seconds > bound


def _who(took: Took) -> str:
    first, *others = took.asked.who
    more = f" and {len(others)} more" if others else ""
    return f"{first}{more}"


def _size(took: Took) -> str:
    return took.error or f"{took.bytes / 1e6:.2f} MB"
