"""The result of one run of an architecture, and its report. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dashboards.promql.schema import Source
from lab.text_table import aligned
from lab.verify.check_queries import QueryCoverage
from lab.verify.reconciliation import OutcomeCounts, Reconciliation

MIB = 1024 * 1024

_SOURCES = {
    Source.PROXY: "our proxy",
    Source.PROMETHEUS: "Prometheus",
    Source.COLLECTOR: "the collector",
    Source.COLLECTOR_METRICS: "a collector with metrics",
    Source.COLLECTOR_LOGS: "a collector with logs",
    Source.REMOTE_WRITE: "remote write to Prometheus",
    Source.SCRAPE_PROXY: "a scrape of the proxies",
    Source.LOAD_GENERATOR: "a load test",
    Source.FAULT_INJECTION: "an injected fault",
    Source.KUBELET: "a cluster's kubelet",
}


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run; `seconds` from its start to the last query."""

    architecture: str
    reconciliation: Reconciliation
    coverage: QueryCoverage
    seconds: float
    peak_bytes: int

    @property
    def passed(self) -> bool:
        return self.reconciliation.agrees and self.coverage.complete


def report(result: Result) -> str:
    """One run in full."""
    calls, coverage = result.reconciliation, result.coverage
    header = ("server", "outcome", "sent", *calls.visible_after, "")
    rows = [header, *(_row(each, len(calls.visible_after)) for each in calls.outcomes)]
    visible = ", ".join(f"{_after(each)} ({what})" for what, each in calls.visible_after.items())
    return "\n".join(
        (
            "",
            *aligned(rows),
            *map(str, calls.mismatches),
            "",
            f"visible {visible} the last call",
            f"queries of boards and rules with data: {_share(coverage)}",
            *_skipped(coverage.skipped),
            *(f"  no data: {each}" for each in coverage.without_data),
            *(f"  rule {each.name} fails: {each.error}" for each in coverage.failing_rules),
            f"{result.seconds:.1f} s to the last count,"
            f" {result.peak_bytes / MIB:.0f} MiB at most, all processes together",
        )
    )


def comparison(results: Iterable[Result]) -> str:
    """Several runs, one line each."""
    rows = [
        ("architecture", "sent", "counted", "traced", "visible s", "queries", "s", "MiB", ""),
        *(_summary(each) for each in results),
    ]
    return "\n".join(("", *aligned(rows)))


def _row(counts: OutcomeCounts, seen: int) -> tuple[str, ...]:
    """`seen` is in how many ways calls are seen: counted, traced, and maybe logged."""
    logged = "-" if counts.logged is None else counts.logged
    numbers = (counts.counted, counts.traced, logged)[:seen]
    remark = "" if counts.agree else "<- differ"
    return (counts.server, str(counts.outcome), *map(str, (counts.sent, *numbers)), remark)


def _summary(result: Result) -> tuple[str, ...]:
    calls = result.reconciliation
    sums = (
        sum(each.sent for each in calls.outcomes),
        sum(each.counted for each in calls.outcomes),
        sum(each.traced for each in calls.outcomes),
    )
    times = calls.visible_after.values()
    visible = max((each for each in times if each is not None), default=0.0)
    return (
        result.architecture,
        *map(str, sums),
        "never" if None in times else f"{visible:.1f}",
        _share(result.coverage),
        f"{result.seconds:.1f}",
        f"{result.peak_bytes / MIB:.0f}",
        "agrees" if result.passed else "DIFFERS",
    )


def _share(coverage: QueryCoverage) -> str:
    return f"{coverage.checked - len(coverage.without_data)} of {coverage.checked}"


def _skipped(counts: Mapping[Source, int]) -> list[str]:
    """A line on the queries that were skipped, by source."""
    if not counts:
        return []
    most_first = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    parts = ", ".join(f"{_SOURCES[source]} ({number})" for source, number in most_first)
    return [f"{sum(counts.values())} more need what does not run here: {parts}"]


def _after(seconds: float | None) -> str:
    return "never completely" if seconds is None else f"{seconds:.1f} s after"
