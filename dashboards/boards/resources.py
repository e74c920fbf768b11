"""MCP / Resources: CPU, memory and restarts of the pods, and of the proxies' processes in them."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import lines, stat
from dashboards.signals import proxies, recorded, resources

BOARD = Board(
    uid="mcp-resources",
    title="MCP / Resources",
    description="For the platform team: pods of proxies and servers, and the proxies' processes.",
    rows=(
        Row(
            100,
            "Is anything short of CPU or memory, or restarting?",
            (
                stat(1, resources.STARTS),
                stat(2, resources.POD_RESTARTS),
                stat(3, resources.BUSIEST),
                stat(4, resources.LARGEST),
                stat(5, resources.LATEST),
                stat(6, resources.MOST_FILES),
            ),
        ),
        Row(
            101,
            "The proxies' processes",
            (
                lines(10, proxies.PROCESS_CPU),
                lines(11, proxies.PROCESS_MEMORY),
                lines(12, recorded.LOOP_LAG),
                lines(13, resources.FILES),
                lines(14, resources.AGE),
                lines(15, proxies.UPSTREAM_RESTARTS),
            ),
        ),
        Row(
            102,
            "Pods of proxies and servers (on a cluster)",
            (
                lines(20, resources.CPU),
                lines(21, resources.MEMORY),
                lines(22, resources.RESTARTS),
                lines(23, resources.CPU_OF_LIMIT),
                lines(24, resources.MEMORY_OF_LIMIT),
                lines(25, resources.OUT_OF_MEMORY),
            ),
        ),
        Row(
            103,
            "What it is spent on",
            (lines(30, resources.CPU_PER_CALL, 12), lines(31, proxies.OPEN, 12)),
        ),
    ),
)
