"""What two runs of the suite say of the same server: where they differ. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.conformance.suite import Check, Results

PASSED, NARRATION, ABSENT = "SUCCESS", "INFO", "-"


@dataclass(frozen=True, slots=True)
class Difference:
    """A check that came out differently; a status is ABSENT where the check was not made."""

    scenario: str
    check: str
    direct: str
    proxied: str
    message: str = ""

    def __str__(self) -> str:
        found = f"{self.direct} directly, {self.proxied} by proxy"
        return f"{self.scenario}: {self.check}: {found} {self.message}".rstrip()


def judged(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks that say more than what happened."""
    return tuple(each for each in checks if each.status != NARRATION)


def failures(results: Results, scenarios: Iterable[str]) -> tuple[str, ...]:
    """Every check of the scenarios that did not pass; a scenario without any counts as one."""
    return tuple(
        failed
        for scenario in scenarios
        for failed in _failures(scenario, results.get(scenario, ()))
    )


def differences(
    direct: Results, proxied: Results, not_applicable: Collection[tuple[str, str]] = ()
) -> tuple[Difference, ...]:
    """Every check that the two runs do not agree on.

    The checks (scenario, check) that are `not_applicable` by proxy must be left out there.
    """
    return tuple(
        each
        for scenario in {**direct, **proxied}
        for each in _differences(
            scenario,
            _statuses(direct.get(scenario, ())),
            _statuses(proxied.get(scenario, ())),
            {check for named, check in not_applicable if named == scenario},
        )
    )


def table(runs: Mapping[str, Results], required: Collection[str]) -> str:
    """How many checks passed of how many, by scenario and road; `-` where there were none."""
    scenarios = dict.fromkeys(scenario for each in runs.values() for scenario in each)
    beyond = [each for each in scenarios if each not in required]
    rows = [
        ("required scenario", *runs),
        *(_row(runs, each, (each,)) for each in required),
        _row(runs, f"all {len(required)} required", required),
        *(_row(runs, f"({each})", (each,)) for each in beyond),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(runs: Mapping[str, Results], title: str, scenarios: Iterable[str]) -> tuple[str, ...]:
    named = tuple(scenarios)
    return (title, *(_tally(results, named) for results in runs.values()))


def _tally(results: Results, scenarios: Iterable[str]) -> str:
    checks = [each for name in scenarios for each in judged(results.get(name, ()))]
    passed = sum(each.status == PASSED for each in checks)
    return f"{passed}/{len(checks)}" if checks else ABSENT


def _failures(scenario: str, checks: Sequence[Check]) -> list[str]:
    if not judged(checks):
        return [f"{scenario}: nothing was checked"]
    return [
        f"{scenario}: {each.id}: {each.status} {each.message}".rstrip()
        for each in judged(checks)
        if each.status != PASSED
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of a check that may have been made several times."""

    status: str
    message: str


_NOT_MADE = _Found(ABSENT, "")


def _differences(
    scenario: str,
    direct: Mapping[str, _Found],
    proxied: Mapping[str, _Found],
    not_applicable: Collection[str],
) -> list[Difference]:
    found = []
    for check in dict.fromkeys((*direct, *proxied)):
        before, after = direct.get(check, _NOT_MADE), proxied.get(check, _NOT_MADE)
        wanted = ABSENT if check in not_applicable else before.status
        if after.status != wanted:
            message = after.message or before.message
            found.append(Difference(scenario, check, before.status, after.status, message))
    return found


def _statuses(checks: Sequence[Check]) -> dict[str, _Found]:
    """What came of every check; the order of those with the same id does not matter."""
    by_id: dict[str, list[Check]] = {}
    for each in judged(checks):
        by_id.setdefault(each.id, []).append(each)
    return {
        check: _Found(_sum([each.status for each in made]), made[-1].message)
        for check, made in by_id.items()
    }


def _sum(statuses: Sequence[str]) -> str:
    counted = sorted(Counter(statuses).items())
    return " + ".join(name if count == 1 else f"{count} {name}" for name, count in counted)
