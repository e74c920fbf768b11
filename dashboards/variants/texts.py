"""Texts of descriptions and of the runbook that differ between variants, side by side."""

from dataclasses import dataclass

from dashboards.thresholds import DEFAULTS


@dataclass(frozen=True, slots=True)
class Texts:
    """Each field replaces its name in braces; one that is missing leaves its sentence out."""

    counted_as_errors: str = ""
    http_errors_only: str = ""
    own_columns: str = ""
    check_if_calls_stop: str = ""
    find_slow_part: str = ""
    few_calls_lost: str = ""
    why_initialize_fails: str = ""
    outcome_tag: str = ""
    exemplars: str = ""
    who_is_responsible: str = ""
    errors_symptom: str = ""
    errors_by_fault: str = ""
    errors_fix: str = ""
    session_limit: str = ""
    proxy_part: str = ""
    slow_proxy: str = ""
    bad_setting: str = ""
    many_sessions: str = ""
    stop_push: str = ""
    tool_cap: str = ""


UNIFIED = Texts(
    counted_as_errors="A tool result with isError and a JSON-RPC error count as errors although"
    " HTTP says 200.",
    http_errors_only="ToolHive's own proxy sees HTTP errors only.",
    own_columns="Upstream and Sessions exist for this project's proxy only.",
    check_if_calls_stop="check the upstream and the transport errors.",
    find_slow_part="compare with the proxy's own time below, then find the slowest tool.",
    few_calls_lost=f" and at most {DEFAULTS.lost_ratio:.0%} of the calls were lost, late or"
    f" rejected",
    why_initialize_fails="Check the faults: a caller's is an unknown version or a bad request, a"
    " server's is a server that does not start.",
    outcome_tag=" mcp.proxy.outcome=tool_error,",
    exemplars="A dot is one call; click it to open its trace.",
    who_is_responsible='Panel "Errors by fault" shows who is responsible.',
    errors_symptom="Callers get errors: tool results with `isError`, JSON-RPC errors, or transport"
    " failures. Of ToolHive's own proxy only HTTP errors are seen.",
    errors_by_fault="Fault `caller`: unknown tools or bad arguments, often after a change of the"
    " server's tool list. Fault `operator`: the proxy is configured for another path, transport or"
    " host than the server's. Fault `server`: the server or what it depends on. Fault `proxy`: a"
    " defect of the proxy.",
    errors_fix="By fault. `caller`: tell the owner of the client. `operator`: the `reason` of a"
    " failed call in the proxy's log says which setting to change. `server`: read the server's log"
    " at the time of a failed trace. `proxy`: see {MCPProxyDefect}.",
    session_limit="503: sessions are at `--max-sessions`, see {MCPSessionsLeaking}.",
    proxy_part='Panel "Time spent in the proxy" shows its part.',
    slow_proxy='The proxy ("Time spent in the proxy"): give it more CPU or replicas.',
    bad_setting="Exit code 2: its first log line names the setting.",
    many_sessions='Compare with "Open sessions, streams and connections": if they rose together,'
    " see {MCPSessionsLeaking}.",
    stop_push="`OTEL_METRICS_EXPORTER=prometheus` stops our proxy's push, `metrics.enabled: false`"
    " ToolHive's.",
    tool_cap="Lower `--tool-cap` if it is the tool.",
)

TOOLHIVE = Texts(
    counted_as_errors="ToolHive counts HTTP errors only: a tool result with isError and a JSON-RPC"
    " error count as successes.",
    check_if_calls_stop="check the server, and the HTTP status of the responses.",
    find_slow_part="find the slowest tool.",
    why_initialize_fails="Check the HTTP status of the responses.",
    errors_symptom="Callers get HTTP errors; ToolHive does not see other errors.",
    stop_push="`metrics.enabled: false` stops ToolHive's push.",
)
