"""MCP / Load test: rate and responses on one time axis, and below them what may be saturated."""

from dashboards.board import NAMESPACE, ONE_SERVER, Board
from dashboards.layout import Row
from dashboards.panels import heatmap, lines, stack, stat
from dashboards.signals import calls, load, load_generator, proxies, resources

BOARD = Board(
    uid="mcp-load",
    title="MCP / Load test",
    description="For load tests: select the server and the time of the test.",
    variables=(NAMESPACE, ONE_SERVER),
    rows=(
        Row(
            100,
            "How much load does it carry before callers notice?",
            (
                stat(1, load.CARRIED),
                stat(2, load.PEAK),
                stat(3, calls.RATE),
                stat(4, load.IN_FLIGHT),
                stat(5, calls.P95),
                stat(6, calls.ERROR_RATIO),
            ),
        ),
        Row(
            101,
            "Load and responses",
            (
                lines(10, load.RATE),
                lines(11, calls.LATENCY),
                lines(12, load.ERRORS),
                lines(13, load.CONNECTIONS),
                heatmap(14, calls.DURATIONS, 8),
                stack(15, calls.OUTCOME_RATE),
            ),
        ),
        Row(
            104,
            "What the load generator sees, with make load",
            (
                lines(40, load_generator.RATE),
                lines(41, load_generator.LATENCY),
                stack(42, load_generator.OUTCOMES),
                lines(43, load_generator.BACKLOG, 12),
                lines(44, load_generator.LAG, 12),
            ),
        ),
        Row(
            102,
            "What saturates first: the proxy",
            (
                lines(20, proxies.PROCESS_CPU),
                lines(21, proxies.LOOP_LAG),
                lines(22, proxies.OVERHEAD_TIME),
                lines(23, proxies.PROCESS_MEMORY),
                lines(24, resources.FILES),
                lines(25, proxies.LOST),
            ),
        ),
        Row(
            103,
            "Or the server behind it",
            (
                lines(30, load.SERVER_TIME, 12),
                lines(31, load.UPSTREAM_ERRORS, 12),
                lines(32, proxies.UPSTREAM_RESTARTS, 12),
                lines(33, proxies.IN_FLIGHT, 12),
            ),
        ),
    ),
)
