"""The command line, and mistakes in it."""

from pathlib import Path

import pytest

from lab.arguments import UsageError
from lab.compare.options import parse
from lab.compare.outages import OUTAGES
from stacks.architectures import ARCHITECTURES


def test_by_default_everything_is_measured_the_undisturbed_trial_first() -> None:
    options = parse([])
    assert options.architectures == tuple(ARCHITECTURES.values())
    assert options.trials == (None, *OUTAGES.values())
    assert (options.conditions.calls, options.conditions.outage_seconds) == (10_000, 60.0)


def test_outages_and_architectures_may_be_selected() -> None:
    options = parse(["--outage", "link,none", "--architecture", "hybrid,otel-scrape"])
    assert options.trials == (None, OUTAGES["link"])
    assert [each.name for each in options.architectures] == ["hybrid", "otel-scrape"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("--outage flood", '"flood" is not an outage; choose collector, prometheus, jaeger, link,'),
        ("--outage promtheus", "not an outage; did you mean prometheus? choose collector,"),
        ("--architecture x", '"x" is not an architecture; choose from otel-scrape,'),
        ("--calls 0", "--calls: '0' is not a number from 1 to 100000"),
        ("--calls many", "'many' is not a number"),
        ("--seconds 0.5", "--seconds: '0.5' is not a number of seconds from 1 to 600"),
        ("--seconds nan", "'nan' is not a number of seconds"),
        ("--seed x", "--seed: invalid int value: 'x'"),
        ("--write docs", '--write "docs": cannot be written'),
        ("--write README.md/x.md", '--write "README.md": cannot write to '),
        ("--fast", "unrecognized arguments: --fast"),
    ],
)
def test_a_mistake_is_one_line(arguments: str, text: str) -> None:
    with pytest.raises(UsageError) as wrong:
        parse(arguments.split())
    assert text in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_results_that_exist_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").touch()
    with pytest.raises(UsageError, match=r"comparison\.json exists; choose another folder"):
        parse(["--out", str(tmp_path)])
