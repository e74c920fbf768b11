"""Alerts on histories of a collector that falls silent or loses what passes it."""

import re

import pytest

from tests.dashboards.alerts.cases import BY_NAME, UP, Fires, Quiet, alerts_test
from tests.dashboards.promtool import History, Promtool

JOB = 'job="otel-collector"'
MEMORY = f"otelcol_process_memory_rss_bytes{{{JOB}}}"
QUEUE = f'{{{JOB},exporter="otlp",data_type="traces"}}'
WHAT = re.compile("_(spans|metric_points|log_records)")
Stage = tuple[str, str]
LOSSES = {
    f"MCP{named}{alert}": ((label, f"{good}_{what}"), f"{one}_{what}", f"{other}_{what}")
    for what, named in (
        ("spans", "Spans"),
        ("metric_points", "MetricPoints"),
        ("log_records", "LogRecords"),
    )
    for alert, label, good, one, other in (
        ("Refused", "receiver", "accepted", "refused", "failed"),
        ("Lost", "exporter", "sent", "send_failed", "enqueue_failed"),
    )
}
"""Of each alert what passes the collector, and the two ways in which it is lost."""


def through(stage: Stage, bad: str, values: str, suffix: str = "") -> History:
    """What passes the collector while some is lost."""
    label, good = stage
    return {
        f'otelcol_{label}_{good}{suffix}{{{JOB},{label}="otlp"}}': "0+60x40",
        f'otelcol_{label}_{bad}{suffix}{{{JOB},{label}="otlp"}}': values,
    }


FIRES = (
    Fires(
        "MCPCollectorSilent",
        {MEMORY: "1x10 stale"},
        ("15m", "16m"),
        "1",
        labels={"job": "otel-collector"},
    ),
    Fires(
        "MCPCollectorQueueFilling",
        {
            f"otelcol_exporter_queue_size{QUEUE}": "81x20",
            f"otelcol_exporter_queue_capacity{QUEUE}": "100x20",
        },
        ("4m", "5m"),
        "81%",
        labels={"exporter": "otlp", "data_type": "traces"},
    ),
    *(
        Fires(
            *(name, through(stage, bad, "0+30x40", suffix), ("9m", "15m"), "0.50"),
            labels={stage[0]: "otlp"},
        )
        for name, (stage, *losses) in LOSSES.items()
        for bad, suffix in zip(losses, ("", "_total"), strict=True)
    ),
)

QUIET = (
    Quiet("MCPCollectorSilent", "there never was one", {f"{UP}}}": "1x40"}),
    Quiet(
        "MCPCollectorSilent",
        "its pod was replaced",
        {
            f'otelcol_process_memory_rss{{{JOB},instance="a"}}': "1x10 stale",
            f'otelcol_process_memory_rss{{{JOB},instance="b"}}': "_x12 1x40",
        },
    ),
    Quiet(
        "MCPCollectorQueueFilling",
        "80 % is the bound itself",
        {
            f"otelcol_exporter_queue_size{QUEUE}": "80x40",
            f"otelcol_exporter_queue_capacity{QUEUE}": "100x40",
        },
    ),
    *(
        Quiet(name, "it was one moment", through(stage, bad, "0x3 50x40", suffix))
        for name, (stage, _, bad) in LOSSES.items()
        for suffix in ("", "_total")
    ),
)

test_alerts = alerts_test(FIRES, QUIET)


@pytest.mark.slow
def test_the_query_about_losses_shows_both_kinds(promtool: Promtool) -> None:
    """Of the first kind 30 a minute, of the second 12."""
    history: History = {}
    expected: dict[str, dict[str, float]] = {}
    for name, (stage, one, other) in LOSSES.items():
        history |= through(stage, one, "0+30x20") | through(stage, other, "0+12x20")
        expected[str(BY_NAME[name].runbook.confirm)] = {
            f'{{{stage[0]}="otlp",part="{WHAT.sub("", lost)}"}}': rate
            for lost, rate in ((one, 0.5), (other, 0.2))
        }

    assert promtool.values(history, "15m", expected) == ""
