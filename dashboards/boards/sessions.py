"""MCP / Sessions and transports: how clients connect, what they hold open, how they leave."""

from dashboards.board import Board
from dashboards.layout import Row
from dashboards.panels import lines, stack, stat
from dashboards.signals import proxies, recorded, resources, sessions

BOARD = Board(
    uid="mcp-sessions",
    title="MCP / Sessions and transports",
    description="For operators of servers and clients: sessions, streams, transports, versions.",
    rows=(
        Row(
            100,
            "Can clients connect, stay connected, and leave?",
            (
                stat(1, sessions.OPENING),
                stat(2, sessions.REFUSED),
                stat(3, proxies.OPEN_SESSIONS),
                stat(4, sessions.OPEN_STREAMS),
                stat(5, proxies.OPEN_CONNECTIONS),
                stat(6, sessions.CALLS_EACH),
            ),
        ),
        Row(
            101,
            "Opening sessions",
            (
                lines(10, sessions.OPENED_BY_SERVER, width=6),
                lines(11, sessions.REJECTED, width=6),
                stack(13, sessions.REFUSALS, width=6),
                stack(12, recorded.STATUS_CODES, width=6),
            ),
        ),
        Row(
            102,
            "Open sessions",
            (
                lines(20, sessions.SESSIONS),
                lines(21, sessions.STREAMS),
                lines(22, sessions.CONNECTIONS),
            ),
        ),
        Row(
            103,
            "Ending sessions",
            (
                lines(30, sessions.GROWTH),
                lines(31, sessions.LIFE),
                stack(32, sessions.ENDED_BY_TYPE),
            ),
        ),
        Row(
            104,
            "Transports, versions and methods",
            (
                stack(40, sessions.BY_TRANSPORT),
                stack(41, sessions.BY_VERSION),
                stack(42, recorded.RATE_BY_METHOD),
            ),
        ),
        Row(
            105,
            "Why sessions are lost",
            (
                lines(50, proxies.UPSTREAM_RESTARTS, 12),
                lines(53, proxies.UPSTREAM_KILLED, 12),
                lines(51, resources.FILES, 12),
                stack(52, proxies.OPEN_LINKS, 12),
            ),
        ),
        Row(
            106,
            "Message sizes",
            (
                lines(60, recorded.REQUEST_SIZE),
                lines(61, recorded.RESPONSE_SIZE),
                lines(62, recorded.FIRST_EVENT),
            ),
        ),
    ),
)
