"""Log lines of failed calls on the boards, where there is a log store that Grafana can query.

The proxies' call logs arrive by OTLP, so attributes have the names that the store gives those of
OTLP: Loki keeps k8s.namespace.name as a label with underscores, VictoriaLogs by its own name. On
boards of several clusters, lines are those of the selected ones by k8s.cluster.name (semantic
conventions).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dashboards.board import CLUSTER, NAMESPACE, Board
from dashboards.layout import Row
from dashboards.panels import LogPanel
from dashboards.promql.scope import variable

FAILED = "call failed"
"""The body of the record of a call that failed."""

Matches = tuple[tuple[str, str], ...]
"""Attributes with the variables of the board whose values they must have."""


@dataclass(frozen=True, slots=True)
class LogStore:
    """A kind of store; `plugin` is the type of Grafana's data source for it."""

    name: str
    plugin: str
    query_type: str
    query: Callable[[Matches], str]


def _loki(matches: Matches) -> str:
    """In LogQL; values in backticks need no escapes. Loki gives every stream a service_name."""
    labels = " ".join(
        f"| {name.replace('.', '_')}=~`{variable(selected)}`" for name, selected in matches
    )
    shown = "{{.method}} {{.target}}: {{.outcome}} ({{.fault}}) {{.client}} {{.reason}}"
    return f"{{service_name=~`.+`}} |= `{FAILED}` {labels} | line_format `{shown}`"


def _victorialogs(matches: Matches) -> str:
    """In LogsQL, whose regular expressions match anywhere."""
    labels = " ".join(f'"{name}":~`^({variable(selected)})$`' for name, selected in matches)
    shown = "<method> <target>: <outcome> (<fault>) <client> <reason>"
    return f"_msg:=`{FAILED}` {labels} | format `{shown}` as _msg"


LOG_STORES = {
    each.name: each
    for each in (
        LogStore("loki", "loki", "range", _loki),
        LogStore("victorialogs", "victoriametrics-logs-datasource", "instant", _victorialogs),
    )
}

_RESOURCE = ((CLUSTER.name, "k8s.cluster.name"), (NAMESPACE.name, "k8s.namespace.name"))
"""Variables that a board may have, and the attributes of a record's resource."""
_SERVER = ("server", "server")
_ROWS: dict[str, tuple[int, Matches]] = {
    "mcp-server": (102, (_SERVER,)),
    "mcp-tools": (104, (_SERVER, ("target", "tool"))),
    "mcp-clients": (103, (_SERVER, ("client", "client"))),
}
"""By board: the row that log lines follow, and what selects them."""

_ROW, _PANEL = 190, 900
"""Ids of the row and the panel, the same on every board."""


def log_panel(board: Board, store: LogStore) -> LogPanel | None:
    """The panel of log lines for a board, if it has use for one."""
    if board.uid not in _ROWS:
        return None
    return LogPanel(
        _PANEL,
        "Failed calls",
        "The proxies' log lines of failed calls, the newest first. A line opens to its attributes,"
        " and leads to the trace of the call if it was sampled. A proxy logs at most 20 a second.",
        store.plugin,
        store.query_type,
        store.query((*_of_resource(board), *_ROWS[board.uid][1])),
    )


def _of_resource(board: Board) -> Matches:
    selectable = {each.name for each in board.variables}
    return tuple((name, selected) for selected, name in _RESOURCE if selected in selectable)


def with_log_lines(board: Board, store: LogStore | None) -> Board:
    """The board with a panel of log lines, if there is a store and the board has use for them."""
    panel = store and log_panel(board, store)
    if not panel:
        return board
    above, _ = _ROWS[board.uid]
    place = next(number for number, row in enumerate(board.rows, 1) if row.id == above)
    row = Row(_ROW, "Log lines", (panel,))
    rows = (*board.rows[:place], row, *board.rows[place:])
    return replace(board, rows=rows, logs=panel.plugin)
