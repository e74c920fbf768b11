"""The bench of the boards' queries: a small fleet through the real writer and Prometheus."""

import subprocess
import sys
from pathlib import Path

import pytest

from dashboards import ALERTS
from dashboards.recordings.recording import Group
from lab.prometheus_api import Prometheus
from tests.bench.boards import asking, report, site
from tests.bench.boards.asking import Asked, Took, View
from tests.bench.boards.world import Size, history

SMALL = Size(servers=2, tools=3)


def took(seconds: float, error: str = "") -> Took:
    return Took(Asked("query", (("query", "up"),), ("mcp-home: x", "b")), seconds, 0.1, 10, error)


def test_a_query_over_the_bound_or_without_an_answer_is_late() -> None:
    assert [report.late(each) for each in (took(0.9), took(1.1), took(0.1, "timed out"))] == [
        False,
        True,
        True,
    ]


def test_rules_are_behind_that_need_more_than_a_tenth_of_their_interval_or_fail() -> None:
    often = Group("often", "10s")

    assert [
        report.behind(often, runs)
        for runs in ([took(0.4), took(0.5)], [took(0.6), took(0.5)], [took(0.1, "timed out")])
    ] == [False, True, True]
    assert report.rules(often, [took(0.4), took(0.4)]) == "| often | 10s | 0.8 s | 0.2 s | 8% |"


def test_every_rule_is_asked_in_its_group() -> None:
    groups = asking.of_rules(site.END)
    names = {
        group.name: {who for each in asked for who in each.who} for group, asked in groups.items()
    }

    assert set(names) == {"indicators", "details", "alerts"}
    assert "mcp:tool_latency:p95_5m" in names["details"]
    assert names["alerts"] == {each.name for each in ALERTS}


@pytest.mark.parametrize(
    ("expr", "recorded"),
    [
        ('max(mcp:calls:rate5m{server=~".+"})', True),
        ('mcp:a:b{x="y"} / rate(a_total{x="y"}[5m])', False),
        ("vector(1)", False),
    ],
)
def test_a_query_of_recorded_series_only_has_more_time(expr: str, recorded: bool) -> None:
    slow = Took(Asked("query", (("query", expr),), ("p",)), 1.5, 1.5, 10, "")

    assert slow.asked.recorded is recorded
    assert report.late(slow) is not recorded


def test_the_table_leads_with_what_failed_then_with_what_took_longest() -> None:
    rows = report.slowest([took(0.5), took(2), took(0.1, "query timed out")]).splitlines()[2:]

    assert rows == [
        "| mcp-home: x and 1 more | raw | 0.10 s | 0.10 s | query timed out |",
        "| mcp-home: x and 1 more | raw | 2.00 s | 0.10 s | 0.00 MB |",
        "| mcp-home: x and 1 more | raw | 0.50 s | 0.10 s | 0.00 MB |",
    ]


def test_equal_fleets_have_equal_series() -> None:
    lines = list(history(SMALL))

    assert lines == list(history(SMALL))
    assert len(set(lines)) == len(lines)


@pytest.mark.slow
def test_prometheus_answers_from_the_written_blocks(tmp_path: Path) -> None:
    written = site.write(SMALL, tmp_path)
    with site.prometheus(tmp_path) as (url, part):
        calls = Prometheus(url).query("sum(rate(toolhive_mcp_tool_calls_total[1d]))", at=site.END)
        seen = Prometheus(url).query("count({__name__=~'.+'})", at=site.END)
        asked = asking.of_boards(View("an hour", 3600, {}, frozenset(("mcp-tools",))), site.END)
        times = list(asking.timed(url, part.pid, asked))

    # 2 servers of 3 tools of 2 statuses, each called 0.02 times a second, by chance.
    assert calls[0].value == pytest.approx(2 * 3 * 2 * 0.02, rel=0.1)
    assert seen[0].value == written.series == len(list(history(SMALL)))
    assert [each.error for each in times if each.error] == []
    assert all(each.seconds > 0 and each.bytes > 0 for each in times)


@pytest.mark.slow
def test_a_history_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(site.NotWritten, match=r"^tsdb-blocks: .* a multiple of 64800; -end is 7$"):
        site.write(SMALL, tmp_path, end=7)


@pytest.mark.slow
def test_the_command_writes_a_report_with_the_machine_in_it(tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    command = (sys.executable, "-m", "tests.bench.boards", "--servers", "1", "--tools", "2")
    done = subprocess.run(
        (*command, "--write", str(out)), capture_output=True, text=True, timeout=300, check=False
    )

    assert out.read_text() == done.stdout, done.stderr
    assert "- fleet: 1 servers of 2 tools, 3 days of samples every 15 s: " in done.stdout
    assert "- machine: " in done.stdout
    assert "| details | 3m |" in done.stdout
