"""What one architecture's run came to, and how it is told. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashboards.queries import MonitoringQuery, Source
from lab.accounts import Account, Disagreement
from lab.prometheus_api import Rule

MIB = 1024 * 1024

_PARTS = {
    Source.PROXY: "our proxy",
    Source.PROMETHEUS: "Prometheus",
    Source.COLLECTOR: "the collector",
    Source.COLLECTOR_METRICS: "a collector with metrics",
    Source.REMOTE_WRITE: "remote write to Prometheus",
    Source.SCRAPE_PROXY: "a scrape of the proxies",
    Source.KUBELET: "a cluster's kubelet",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """Sent, counted and traced side by side, and how long it took to see everything.

    A time is seconds after the last call, or None when not everything became visible.
    """

    accounts: tuple[Account, ...]
    disagreements: tuple[Disagreement, ...]
    counted_after: float | None
    traced_after: float | None

    @property
    def agrees(self) -> bool:
        seen = None not in (self.counted_after, self.traced_after)
        return seen and all(each.agrees for each in self.accounts) and not self.disagreements


@dataclass(frozen=True, slots=True)
class Missing:
    """A query that had no data, and why: the series it lacks, and the first hop without them."""

    query: MonitoringQuery
    why: str

    def __str__(self) -> str:
        return f"{self.query.board}, {self.query.panel}: {self.why}\n    {self.query.expr}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many queries of boards and rules were asked, and which of them had no data.

    `elsewhere` is how many were not asked, by what they need that does not run here.
    """

    asked: int
    missing: tuple[Missing, ...]
    broken: tuple[Rule, ...]
    elsewhere: Mapping[Source, int]

    @property
    def full(self) -> bool:
        return not self.missing and not self.broken


@dataclass(frozen=True, slots=True)
class Result:
    """One architecture's run, from the first process to the last answer."""

    architecture: str
    ledger: Ledger
    coverage: Coverage
    seconds: float
    peak_bytes: int

    @property
    def good(self) -> bool:
        return self.ledger.agrees and self.coverage.full


def told(result: Result) -> str:
    """One run in full."""
    ledger, coverage = result.ledger, result.coverage
    header = ("server", "outcome", "sent", "counted", "traced", "")
    rows = [header, *(_row(each) for each in ledger.accounts)]
    return "\n".join(
        (
            "",
            *_aligned(rows),
            *map(str, ledger.disagreements),
            "",
            f"visible {_after(ledger.counted_after)} (counted), {_after(ledger.traced_after)}"
            " (traced) the last call",
            f"queries of boards and rules with data: {_share(coverage)}",
            *_elsewhere(coverage.elsewhere),
            *(f"  no data: {each}" for each in coverage.missing),
            *(f"  rule {each.name} fails: {each.error}" for each in coverage.broken),
            f"{result.seconds:.1f} s to the last count,"
            f" {result.peak_bytes / MIB:.0f} MiB at most, all processes together",
        )
    )


def compared(results: Iterable[Result]) -> str:
    """Several runs, a line each."""
    rows = [
        ("architecture", "sent", "counted", "traced", "visible s", "queries", "s", "MiB", ""),
        *(_summary(each) for each in results),
    ]
    return "\n".join(("", *_aligned(rows)))


def _row(account: Account) -> tuple[str, ...]:
    numbers = (account.sent, account.counted, account.traced)
    remark = "" if account.agrees else "<- differ"
    return (account.server, str(account.outcome), *map(str, numbers), remark)


def _summary(result: Result) -> tuple[str, ...]:
    accounts = result.ledger.accounts
    sums = (
        sum(each.sent for each in accounts),
        sum(each.counted for each in accounts),
        sum(each.traced for each in accounts),
    )
    late = (result.ledger.counted_after, result.ledger.traced_after)
    visible = max((each for each in late if each is not None), default=0.0)
    return (
        result.architecture,
        *map(str, sums),
        "never" if None in late else f"{visible:.1f}",
        _share(result.coverage),
        f"{result.seconds:.1f}",
        f"{result.peak_bytes / MIB:.0f}",
        "agrees" if result.good else "DIFFERS",
    )


def _share(coverage: Coverage) -> str:
    return f"{coverage.asked - len(coverage.missing)} of {coverage.asked}"


def _elsewhere(counts: Mapping[Source, int]) -> list[str]:
    """What was not asked, the most first; nothing when everything was."""
    if not counts:
        return []
    most_first = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    parts = ", ".join(f"{_PARTS[source]} ({number})" for source, number in most_first)
    return [f"{sum(counts.values())} more need what does not run here: {parts}"]


def _after(seconds: float | None) -> str:
    return "never completely" if seconds is None else f"{seconds:.1f} s after"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell; what starts with a digit is set to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    digits = [all(row[at][:1].isdigit() for row in rows[1:]) for at in range(len(widths))]
    lines = (
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, digits, strict=True)
        )
        for row in rows
    )
    return [line.rstrip() for line in lines]
