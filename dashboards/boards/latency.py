"""MCP / Latency: how durations are distributed, which calls are slow, and single traces."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import bars, heatmap, lines, stat, trace, traces
from dashboards.signals import fleet, recorded, tools_fleet

BOARD = Board(
    uid="mcp-latency",
    title="MCP / Latency",
    description="For complaints about slowness: from all calls down to one trace.",
    traces=True,
    rows=(
        Row(
            100,
            "How long do callers wait, and for what?",
            (
                *(stat(number, each, 6) for number, each in enumerate(recorded.QUANTILES, 1)),
                stat(4, fleet.CALLS, 6),
            ),
        ),
        Row(
            101, "All calls", (heatmap(10, recorded.DURATIONS, 12), lines(11, recorded.LATENCY, 12))
        ),
        Row(
            102,
            "Which calls",
            (
                lines(20, fleet.LATENCIES),
                lines(21, recorded.LATENCY_BY_METHOD),
                lines(22, recorded.LATENCY_BY_TRANSPORT),
            ),
        ),
        Row(
            103,
            "How many, and since when",
            (
                lines(30, recorded.SLOW),
                lines(31, fleet.AGAINST_YESTERDAY),
                bars(32, tools_fleet.SLOWEST_NAMES),
            ),
        ),
        Row(
            104,
            "In the proxy or behind it",
            (lines(40, recorded.OVERHEAD_TIME, 12), lines(41, recorded.OVERHEAD_SHARE, 12)),
        ),
        Row(
            105,
            "Single calls (select one server, and a trace data source)",
            (
                traces(
                    50,
                    "Traces",
                    "The newest traces of the selected server; Jaeger searches one server at a"
                    ' time. "Tags of traces" narrows them: gen_ai.tool.name=fetch,{outcome_tag}'
                    " error=true. Click an id to open the trace.",
                ),
                trace(
                    51,
                    "One trace",
                    'The trace whose id is in "Trace id", span by span. The outer span is the'
                    " proxy's, the inner one the server's: the difference was spent in the proxy.",
                ),
            ),
        ),
    ),
)
