"""MCP / Telemetry pipeline: can the other boards be trusted?"""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import lines, stack, stat
from dashboards.signals import indicators, pipeline, proxies

BOARD = Board(
    uid="mcp-pipeline",
    title="MCP / Telemetry pipeline",
    description="For the platform: every step of telemetry from the proxies to Prometheus.",
    rows=(
        Row(
            100,
            "Can the other boards be trusted?",
            (
                stat(1, pipeline.REPORTING, 6),
                stat(2, pipeline.OLDEST, 6),
                stat(3, pipeline.MOST_COPIES, 6),
                stat(4, indicators.FIRING, 6),
            ),
        ),
        Row(
            101,
            "Arrival",
            (
                lines(10, pipeline.FRESHNESS),
                lines(11, pipeline.COPIES),
                lines(12, pipeline.SERIES_BY_FAMILY),
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
                lines(30, pipeline.TARGET_UP),
                lines(31, pipeline.SCRAPE_DURATION),
                lines(32, pipeline.SCRAPE_SAMPLES),
            ),
        ),
        Row(
            104,
            "Collector: traces",
            (
                lines(40, pipeline.SPANS_RECEIVED, 6),
                lines(41, pipeline.SPANS_REFUSED, 6),
                lines(42, pipeline.SPANS_SENT, 6),
                lines(43, pipeline.SPANS_UNSENT, 6),
            ),
        ),
        Row(
            105,
            "Collector: metrics (where they pass it)",
            (
                lines(50, pipeline.POINTS_RECEIVED, 6),
                lines(51, pipeline.POINTS_REFUSED, 6),
                lines(52, pipeline.POINTS_SENT, 6),
                lines(53, pipeline.POINTS_UNSENT, 6),
            ),
        ),
        Row(
            106,
            "Collector: the process",
            (lines(60, pipeline.QUEUE, 12), lines(61, pipeline.COLLECTOR_MEMORY, 12)),
        ),
        Row(
            107,
            "Remote write (where it is used)",
            (stack(70, pipeline.WRITES, 12), lines(71, pipeline.WRITE_LATENCY, 12)),
        ),
        Row(
            108,
            "Prometheus",
            (
                lines(80, pipeline.HEAD_SERIES, 6),
                lines(81, pipeline.SAMPLES_STORED, 6),
                lines(82, pipeline.SAMPLES_REFUSED, 6),
                lines(83, pipeline.RULE_FAILURES, 6),
            ),
        ),
    ),
)
