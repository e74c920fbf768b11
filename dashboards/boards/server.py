"""MCP / Server: one server, from what its callers experience to the pods it runs in."""

from dashboards.board import NAMESPACE, ONE_SERVER, Board
from dashboards.layout import Row
from dashboards.panels import lines, stack, stat, table
from dashboards.signals import calls, changes, clients, context, proxies, slis, tools_server

BOARD = Board(
    uid="mcp-server",
    title="MCP / Server",
    description="For the owner of a server: what its callers get, and where it fails.",
    variables=(NAMESPACE, ONE_SERVER),
    rows=(
        Row(
            100,
            "Is my server healthy, and if not, is it the caller, the server or the proxy?",
            (
                stat(1, proxies.UPSTREAM),
                stat(2, calls.RATE),
                stat(3, calls.ERROR_RATIO),
                stat(4, calls.P95),
                stat(5, proxies.OPEN_SESSIONS),
                stat(6, slis.FIRING_HERE),
            ),
        ),
        Row(
            101,
            "Calls",
            (
                stack(10, calls.RATE_BY_METHOD),
                stack(11, calls.RATE_BY_POD),
                stack(12, calls.STATUS_CODES),
            ),
        ),
        Row(
            102,
            "Errors",
            (
                stack(20, calls.OUTCOME_RATE),
                lines(21, calls.FAULT_RATIO),
                lines(22, calls.ERROR_RATIO_BY_METHOD),
            ),
        ),
        Row(
            103,
            "Latency",
            (lines(30, calls.LATENCY), lines(31, calls.LATENCY_BY_METHOD), lines(32, calls.SLOW)),
        ),
        Row(
            104,
            "Tools",
            (
                lines(40, tools_server.RATE),
                lines(41, tools_server.ERROR_RATIO),
                lines(42, tools_server.LATENCY),
                table(43, tools_server.TABLE),
            ),
        ),
        Row(
            109,
            "Clients",
            (lines(90, clients.HERE, 12), lines(91, clients.FAILING_HERE, 12)),
        ),
        Row(
            110,
            "What the model pays, and what changed",
            (
                stack(93, context.PARTS),
                lines(94, context.RESULT_SIZES),
                stack(95, changes.BY_KIND),
            ),
        ),
        Row(
            105,
            "Sessions and the connection to the server",
            (lines(50, proxies.OPEN, 12), lines(51, proxies.UPSTREAM_RESTARTS, 12)),
        ),
        Row(
            106,
            "The proxy itself",
            (
                lines(60, proxies.OVERHEAD_TIME),
                lines(61, proxies.OVERHEAD_SHARE),
                lines(62, proxies.LOOP_LAG),
                lines(63, proxies.PROCESS_CPU),
                lines(64, proxies.PROCESS_MEMORY),
                lines(65, proxies.OVERFLOWED),
            ),
        ),
        Row(
            108,
            "Pods (on a cluster)",
            (lines(80, slis.POD_CPU_CORES, 12), lines(81, slis.POD_MEMORY_BYTES, 12)),
        ),
        Row(
            107,
            "What the alerts evaluate",
            (lines(70, slis.CALLS), lines(71, slis.ERRORS), lines(72, slis.LATENCY)),
        ),
    ),
)
