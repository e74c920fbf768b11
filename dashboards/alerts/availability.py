"""Availability: a server is down, restarts repeatedly, or no longer reports."""

from dashboards.alerts.alert import PIPELINE_BOARD, Alert, Runbook, Severity
from dashboards.alerts.burn import BurnAlertText, burns
from dashboards.expressions import proxies
from dashboards.promql.expression import Paren, Subquery
from dashboards.promql.functions import aggregate, or_zero, seconds_since, timestamp
from dashboards.promql.scope import EACH_POD, EACH_SERVER, RULE
from dashboards.promql.series import any_of
from dashboards.recordings.objectives import success
from dashboards.thresholds import Thresholds

_QUARTER = RULE.over("15m")
_BEST = proxies.UP.now(RULE, by=EACH_SERVER, operator="max")
_WORST = proxies.UP.now(RULE, by=EACH_SERVER, operator="min")
_RESTARTS = or_zero(proxies.RESTARTS.increase(_QUARTER, by=EACH_SERVER), proxies.present(RULE))
_KILLED = proxies.KILLED.increase(_QUARTER, by=(*EACH_SERVER, "signal"))
_STARTED = proxies.STARTED.select(RULE, proxies.OF_A_PROXY).over("changes", "1h")
_STARTS = aggregate("max", _STARTED, EACH_SERVER)
_EITHER = any_of(*proxies.REPORTING)

SERVER_DOWN = Alert(
    "MCPServerDown",
    _BEST,
    _BEST.equals(0),
    "2m",
    Severity.CRITICAL,
    "MCP server {server} is down",
    "No proxy has reached the MCP server {server} for 2 minutes (mcp_proxy_upstream_up is {value}):"
    " every call fails.",
    Runbook(
        "Every call to the server ends in a transport error: no proxy in front of it reaches it.",
        "The server's process or pod is gone, hangs, or listens on another address; the command of"
        " a stdio server does not start.",
        "Check the server's pod (`kubectl -n <namespace> get pods`) and log; for a stdio server,"
        " the proxy's log contains its stderr. Fix it or roll back. If the server responds and the"
        " proxy still cannot reach it, compare the proxy's `--upstream` with the server's address"
        " and port, and look for a network policy between them.",
    ),
    inhibits=(
        "MCPServerPartlyDown",
        "MCPErrorRatioHigh",
        "MCPInitializeFailing",
        "MCPCallsLost",
        "MCPToolFailing",
        "MCPErrorBudgetBurnSlow",
        "MCPErrorBudgetBurnCreeping",
    ),
)
SERVER_PARTLY_DOWN = Alert(
    "MCPServerPartlyDown",
    _WORST,
    _WORST.equals(0) & _BEST.equals(1),
    "10m",
    Severity.WARNING,
    "Some replicas of MCP server {server} are down",
    "Some proxies of {server} have not reached their server for 10 minutes (the lowest"
    " mcp_proxy_upstream_up is {value}): some calls fail.",
    Runbook(
        "Some calls fail: the proxies of some replicas do not reach their server, others do.",
        "One pod is broken: its node, its volume, or its sidecar; or a rollout is stuck.",
        "Delete the pods that the query lists, so that new ones start elsewhere; if those fail too,"
        " treat it as {MCPServerDown}.",
        proxies.UP.now(RULE, by=EACH_POD, operator="min").equals(0),
    ),
)
PROCESS_KILLED = Alert(
    "MCPServerProcessKilled",
    _KILLED,
    _KILLED > 0,
    "2m",
    Severity.WARNING,
    "Processes of MCP server {server} are killed",
    "{signal} ended {count} processes of the stdio server {server} in 15 minutes, and their"
    " sessions with them; the proxy did not send it.",
    Runbook(
        "Sessions of a stdio server end in the middle of calls; callers must initialize again.",
        "A signal that the proxy did not send ended processes of the server. SIGKILL usually comes"
        " from the kernel, which ran out of memory: each session of a stdio server has its own"
        " process. SIGSEGV, SIGABRT and similar signals are crashes of the server itself.",
        "SIGKILL: compare the memory limit with the number of sessions times the memory of one"
        " process; raise the limit, or lower `--max-sessions` or `--session-idle`, or share one"
        " process (`--stdio-sharing on`). `dmesg` or the node's events name what the kernel"
        " killed. Another signal: read the server's stderr in the proxy's log, and report it to"
        " the server's authors.",
    ),
)
TELEMETRY_ABSENT = Alert(
    "MCPTelemetryAbsent",
    proxies.reporting(EACH_SERVER),
    aggregate("group", proxies.reporting(EACH_SERVER, within="1d")).unless(
        proxies.reporting(EACH_SERVER), on=()
    ),
    "5m",
    Severity.CRITICAL,
    "MCP telemetry no longer arrives",
    "For 5 minutes Prometheus has had no series of any MCP proxy, although it had some within the"
    " last day (series seen: {value}): the boards are empty and no other MCP alert can fire.",
    Runbook(
        "Boards are empty and no other MCP alert can fire: Prometheus received series of MCP"
        " proxies within the last day and receives none now.",
        "The ingestion path is interrupted for all servers: the collector is down, its target is no"
        " longer scraped, remote write is refused; or every proxy is gone.",
        "Follow the ingestion path on the board: the collector's rows, then the scraping of the"
        " proxies, then remote write. Fix the first step that receives data and passes none on. If"
        " the servers were removed on purpose, silence the alert for a day: it resolves by itself.",
        aggregate("count", _EITHER.over("last_over_time", "1d"), ("job",)),
    ),
    board=PIPELINE_BOARD,
    inhibits=("MCPTelemetryStale",),
)
_RECENT = proxies.reporting(EACH_SERVER, within="1h")
TELEMETRY_STALE = Alert(
    "MCPTelemetryStale",
    _RECENT,
    Paren(_RECENT).unless(Paren(proxies.reporting(EACH_SERVER))),
    "5m",
    Severity.WARNING,
    "MCP server {server} stopped reporting",
    "{server} reported within the last hour, but not in the last 5 minutes (series seen: {value}):"
    " the proxy is gone, or its ingestion path is interrupted.",
    Runbook(
        "A server reported within the last hour and does not now. It may be healthy; there is no"
        " data to tell.",
        "Its proxy is gone, or its ingestion path is interrupted. Removing a server on purpose"
        " looks the same.",
        'See the panel "Age of the newest sample": one server, or all of a node or namespace? One:'
        " restart or fix its proxy. Several: fix the network to the collector, or the monitor that"
        " scrapes them. If it was removed on purpose, do nothing: the alert resolves an hour after"
        " the last sample.",
        seconds_since(
            aggregate("max", Subquery("max_over_time", timestamp(_EITHER), "1h:1m"), EACH_SERVER)
        )
        > 60,
    ),
    board=PIPELINE_BOARD,
)


def availability(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    text = BurnAlertText(
        "MCPErrorBudgetBurn",
        "fail",
        "failed",
        ("slo_success", "burn_calls"),
        "MCPErrorRatioHigh",
        "A fault of the server, of what its tools depend on, or of a client that sends invalid"
        " requests.",
        'Find what fails: panel "Error ratio by tool", then a trace of a failed call.'
        " {who_is_responsible} Fix or roll back what changed when the line began to rise. If the"
        " objective is wrong for this server, change `slo_success`.",
    )
    return (
        SERVER_DOWN,
        TELEMETRY_ABSENT,
        *burns(success(t), text, t.burn_calls),
        SERVER_PARTLY_DOWN,
        PROCESS_KILLED,
        _server_restarting(t),
        _proxy_restarting(t),
        TELEMETRY_STALE,
    )


def _server_restarting(t: Thresholds) -> Alert:
    return Alert(
        "MCPServerRestarting",
        _RESTARTS,
        _RESTARTS > t.server_restarts,
        "2m",
        Severity.WARNING,
        "MCP server {server} crashes repeatedly",
        "The process of the stdio server {server} was restarted {count} times in 15 minutes.",
        Runbook(
            "Sessions of a stdio server end repeatedly; each time callers must start over.",
            "The server crashes on what callers send, runs out of memory, or exits after a"
            " response.",
            "Read the proxy's log: it contains the server's stderr and exit code. Find the call"
            " before each exit in the traces, fix the server, or give it more memory.",
            proxies.RESTARTS.select(RULE).over("increase", "15m") > 0,
        ),
        ("server_restarts",),
    )


def _proxy_restarting(t: Thresholds) -> Alert:
    return Alert(
        "MCPProxyRestarting",
        _STARTS,
        _STARTS > t.proxy_restarts,
        "2m",
        Severity.WARNING,
        "The proxy of {server} restarts repeatedly",
        "A proxy of {server} was started {count} times within an hour; each time sessions are"
        " lost.",
        Runbook(
            "The proxy itself restarts repeatedly; its sessions and unsent telemetry are lost each"
            " time.",
            "It is killed for lack of memory, its liveness probe fails for lack of CPU, or it exits"
            " because of its settings.",
            "`kubectl describe pod` shows the reason of the last exit. OOMKilled: raise the limit,"
            " and see {MCPProxyMemoryHigh}. Probe failed: give it more CPU. {bad_setting}",
            aggregate("max", _STARTED, EACH_POD) > 0,
        ),
        ("proxy_restarts",),
    )
