"""MCP / Telemetry pipeline: every step of telemetry from the proxies to Prometheus."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import lines, stack, stat
from dashboards.signals import collector, freshness, prometheus, proxies, slis

BOARD = Board(
    uid="mcp-pipeline",
    title="MCP / Telemetry pipeline",
    description="For the platform team: every step of telemetry from the proxies to Prometheus.",
    rows=(
        Row(
            100,
            "Can the other boards be trusted?",
            (
                stat(1, freshness.REPORTING, 6),
                stat(2, freshness.OLDEST, 6),
                stat(3, freshness.MOST_COPIES, 6),
                stat(4, slis.FIRING, 6),
            ),
        ),
        Row(
            101,
            "Freshness",
            (
                lines(10, freshness.FRESHNESS),
                lines(11, freshness.COPIES),
                lines(12, freshness.SERIES_BY_FAMILY),
            ),
        ),
        Row(
            102,
            "Lost by the proxies",
            (lines(20, proxies.LOST, 12), lines(21, proxies.OVERFLOWED, 12)),
        ),
        Row(
            103,
            "Scraping of the proxies (where they are scraped)",
            (
                lines(30, freshness.TARGET_UP),
                lines(31, freshness.SCRAPE_DURATION),
                lines(32, freshness.SCRAPE_SAMPLES),
            ),
        ),
        Row(
            104,
            "Collector: traces",
            (
                lines(40, collector.SPANS_RECEIVED, 6),
                lines(41, collector.SPANS_REFUSED, 6),
                lines(42, collector.SPANS_SENT, 6),
                lines(43, collector.SPANS_UNSENT, 6),
            ),
        ),
        Row(
            105,
            "Collector: metrics (where they pass through it)",
            (
                lines(50, collector.POINTS_RECEIVED, 6),
                lines(51, collector.POINTS_REFUSED, 6),
                lines(52, collector.POINTS_SENT, 6),
                lines(53, collector.POINTS_UNSENT, 6),
            ),
        ),
        Row(
            109,
            "Collector: logs (where there is a log store)",
            (
                lines(90, collector.RECORDS_RECEIVED, 6),
                lines(91, collector.RECORDS_REFUSED, 6),
                lines(92, collector.RECORDS_SENT, 6),
                lines(93, collector.RECORDS_UNSENT, 6),
            ),
        ),
        Row(
            106,
            "Collector: the process",
            (lines(60, collector.QUEUE, 12), lines(61, collector.COLLECTOR_MEMORY, 12)),
        ),
        Row(
            107,
            "Remote write (where it is used)",
            (stack(70, prometheus.WRITES, 12), lines(71, prometheus.WRITE_LATENCY, 12)),
        ),
        Row(
            108,
            "Prometheus",
            (
                lines(80, prometheus.HEAD_SERIES, 6),
                lines(81, prometheus.SAMPLES_STORED, 6),
                lines(82, prometheus.SAMPLES_REFUSED, 6),
                lines(83, prometheus.RULE_FAILURES, 6),
            ),
        ),
    ),
)
