"""Every metric the proxy emits: the one home of names, units, labels, buckets and meanings.

The proxy, the dashboards, the rules, docs/metrics.md and the tests all read it. Entries carry
the OpenTelemetry name and unit; the Prometheus names are derived by the rule that the collector's
exporters and Prometheus share (OpenTelemetry specification, "Prometheus and OpenMetrics
Compatibility", metric metadata). Standard library only, so that any package may import it.
"""

from dataclasses import dataclass
from enum import StrEnum

SEMCONV_SCHEMA = "https://opentelemetry.io/schemas/gen-ai/1.42.0"
"""The GenAI semantic conventions whose MCP names, attributes and buckets are used here."""

SCOPE = "mcp_observability.proxy"
"""Instrumentation scope of every metric and span of the proxy."""


VERSION = "0.1.0"
"""Of the scope: the project's version."""


class Instrument(StrEnum):
    """OpenTelemetry instrument kinds in use."""

    COUNTER = "counter"
    UP_DOWN_COUNTER = "up-down counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


# UCUM unit -> suffix of the Prometheus name; annotations such as {request} add none.
_SUFFIXES = {"s": "seconds", "By": "bytes"}


def prometheus_label(attribute: str) -> str:
    """The Prometheus label of an OpenTelemetry attribute: dots become underscores."""
    return attribute.replace(".", "_")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family.

    `name` and `attributes` are OpenTelemetry's, `unit` is UCUM, `buckets` are upper bounds in
    `unit`. `attributes` are those beyond `COMMON_ATTRIBUTES`.
    """

    name: str
    instrument: Instrument
    unit: str
    brief: str
    attributes: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def family(self) -> str:
        """The Prometheus family: what `# TYPE` names, without `_total` or `_bucket`."""
        base = self.name.replace(".", "_")
        suffix = _SUFFIXES.get(self.unit)
        return base if suffix is None or base.endswith(f"_{suffix}") else f"{base}_{suffix}"

    @property
    def series(self) -> str:
        """The name a query uses: `_total` for counters; histograms add `_bucket` and so on."""
        return f"{self.family}_total" if self.instrument is Instrument.COUNTER else self.family

    @property
    def labels(self) -> tuple[str, ...]:
        """Every Prometheus label the proxy itself writes on the family."""
        return tuple(prometheus_label(each) for each in (*COMMON_ATTRIBUTES, *self.attributes))


COMMON_ATTRIBUTES = ("server", "transport")
"""On every data point: the MCP server's name, and the transport the server speaks."""

CONTRACT_LABELS = ("job", "namespace", "server", "transport", "pod")
"""What every MCP series carries in Prometheus, whatever the road (design: the series contract)."""

OPERATION_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds. The boundaries that the MCP semantic conventions advise for every MCP duration."""

# A proxy spends tens of microseconds on a call: the conventions' 10 ms would hide all of it.
OVERHEAD_BUCKETS = (
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1,
)  # fmt: skip

SIZE_BUCKETS = (
    256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
)  # fmt: skip
"""Bytes. The last two are the default limits of a request's body and of a server's message."""

RESULT_BUCKETS = (1024, 4096, 16_384, 65_536, 262_144, 1_048_576)
"""Bytes, of a result by name; fewer than SIZE_BUCKETS, since each tool has them."""

BYTES_PER_TOKEN = 4.5
"""Of a tool's definition, to estimate tokens (o200k_base) on boards: measured on the lists of 28
public servers, of which 27 are within 10 % (docs/tokens.md, `python -m tests.bench.tokens`).
"""

LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

REQUEST_ATTRIBUTES = ("mcp_method", "method", "status_code", "status")

REQUESTS = Metric(
    "toolhive_mcp_requests",
    Instrument.COUNTER,
    "{request}",
    "MCP requests with a response, by HTTP status; `status` is success only for the outcome ok",
    REQUEST_ATTRIBUTES,
)
REQUEST_DURATION = Metric(
    "toolhive_mcp_request_duration",
    Instrument.HISTOGRAM,
    "s",
    "Time from the arrival of a request to the end of its response",
    REQUEST_ATTRIBUTES,
    OPERATION_BUCKETS,
)
TOOL_CALLS = Metric(
    "toolhive_mcp_tool_calls",
    Instrument.COUNTER,
    "{call}",
    "Tool calls with a response, by tool; `status` is success only for the outcome ok",
    ("tool", "status"),
)
ACTIVE_CONNECTIONS = Metric(
    "toolhive_mcp_active_connections",
    Instrument.UP_DOWN_COUNTER,
    "{connection}",
    "Open client connections",
)
OPERATION_DURATION = Metric(
    "mcp.server.operation.duration",
    Instrument.HISTOGRAM,
    "s",
    "Duration of an MCP request as observed by its receiver (semantic conventions)",
    (
        "mcp.method.name",
        "gen_ai.tool.name",
        "error.type",
        "network.transport",
        "mcp.protocol.version",
    ),
    OPERATION_BUCKETS,
)
SESSION_DURATION = Metric(
    "mcp.server.session.duration",
    Instrument.HISTOGRAM,
    "s",
    "Duration of an MCP session, from initialize to its end (semantic conventions)",
    ("error.type",),
    OPERATION_BUCKETS,
)
OUTCOMES = Metric(
    "mcp.proxy.outcomes",
    Instrument.COUNTER,
    "{request}",
    "MCP requests by outcome, and by whose fault a failure was",
    ("mcp_method", "outcome", "fault"),
)
CLIENT_CALLS = Metric(
    "mcp.proxy.client.calls",
    Instrument.COUNTER,
    "{request}",
    "MCP requests by the client that sent them, the class of the tool called, and outcome",
    ("client", "tool_class", "outcome"),
)
CLIENT_INFO = Metric(
    "mcp.proxy.client.info",
    Instrument.GAUGE,
    "{client}",
    "1 for each version of a client that sent requests",
    ("client", "version"),
)
CLIENT_RESULTS = Metric(
    "mcp.proxy.client.results",
    Instrument.COUNTER,
    "By",
    "Bytes of the server's results that a client got: of tools, prompts and resources, and pages of"
    " the list of tools",
    ("client",),
)
PRINCIPAL_CALLS = Metric(
    "mcp.proxy.principal.calls",
    Instrument.COUNTER,
    "{request}",
    "MCP requests by principal, where principals are asked for, class of the tool, and outcome",
    ("principal", "tool_class", "outcome"),
)
OVERHEAD = Metric(
    "mcp.proxy.overhead",
    Instrument.HISTOGRAM,
    "s",
    "Time a request spent in the proxy itself, without the server's time",
    (),
    OVERHEAD_BUCKETS,
)
REQUEST_SIZE = Metric(
    "mcp.proxy.request.size",
    Instrument.HISTOGRAM,
    "By",
    "Size of a request as received; a batch counts as that many requests of equal size",
    (),
    SIZE_BUCKETS,
)
RESPONSE_SIZE = Metric(
    "mcp.proxy.response.size",
    Instrument.HISTOGRAM,
    "By",
    "Size of the server's response to a request: a JSON body, an event or a line",
    (),
    SIZE_BUCKETS,
)
RESULT_SIZE = Metric(
    "mcp.proxy.result.size",
    Instrument.HISTOGRAM,
    "By",
    "Size of the server's response with a result, by the tool, resource or prompt it is of",
    ("mcp_method", "target"),
    RESULT_BUCKETS,
)
TOOL_DEFINITION_SIZE = Metric(
    "mcp.proxy.tool.definition.size",
    Instrument.GAUGE,
    "By",
    "Size of a tool's definition as the server lists it, by part; the parts add up to its JSON",
    ("tool", "part"),
)
TOOLS_LISTED = Metric(
    "mcp.proxy.tools.listed",
    Instrument.GAUGE,
    "{tool}",
    "Tools that the server lists, once a client got the whole list",
)
TOOL_CHANGES = Metric(
    "mcp.proxy.tool.changes",
    Instrument.COUNTER,
    "{change}",
    "Changes of the tools that the server lists, by kind, since the proxy started",
    ("change",),
)
TOOL_BASELINE_DIFFERENCES = Metric(
    "mcp.proxy.tool.baseline.differences",
    Instrument.GAUGE,
    "{difference}",
    "Differences between the tools that the server lists and those approved (--tool-baseline)",
    ("change",),
)
WASTED_REQUESTS = Metric(
    "mcp.proxy.wasted.requests",
    Instrument.COUNTER,
    "{request}",
    "Requests that brought nothing: failed calls that repeat an error, name no listed tool or break"
    " the tool's schema, and lists fetched again unchanged; each counts for all reasons it has",
    ("reason", "tool"),
)
INJECTED_FAULT = Metric(
    "mcp.lab.fault",
    Instrument.GAUGE,
    "{fault}",
    "1 while the fault is injected (--fault-injection, or by the lab), then 0",
    ("fault", "level"),
)
FIRST_EVENT = Metric(
    "mcp.proxy.stream.first_event",
    Instrument.HISTOGRAM,
    "s",
    "Time from the arrival of a request to the first event of its response stream",
    (),
    OPERATION_BUCKETS,
)
IN_FLIGHT = Metric(
    "mcp.proxy.requests.in_flight",
    Instrument.UP_DOWN_COUNTER,
    "{request}",
    "MCP requests waiting for their response",
)
SESSIONS = Metric(
    "mcp.proxy.sessions", Instrument.UP_DOWN_COUNTER, "{session}", "Open MCP sessions"
)
STREAMS = Metric(
    "mcp.proxy.streams",
    Instrument.UP_DOWN_COUNTER,
    "{stream}",
    "Open server-sent-event streams to clients",
)
UPSTREAM_UP = Metric(
    "mcp.proxy.upstream.up",
    Instrument.GAUGE,
    "{upstream}",
    "1 if the MCP server can be reached, otherwise 0",
)
UPSTREAM_RESTARTS = Metric(
    "mcp.proxy.upstream.restarts",
    Instrument.COUNTER,
    "{restart}",
    "Restarts of a stdio server's process after it ended",
)
UPSTREAM_KILLED = Metric(
    "mcp.proxy.upstream.killed",
    Instrument.COUNTER,
    "{process}",
    "Processes of a stdio server killed by a signal that the proxy did not send; SIGKILL: memory",
    ("signal",),
)
UPSTREAM_LINKS = Metric(
    "mcp.proxy.upstream.links",
    Instrument.UP_DOWN_COUNTER,
    "{link}",
    "Open session transports to the server, such as processes; 0 in HTTP pass-through mode",
    ("state",),
)
REFUSALS = Metric(
    "mcp.proxy.refusals",
    Instrument.COUNTER,
    "{request}",
    "HTTP requests rejected before they reached the server, such as for their Host, by reason",
    ("reason",),
)
TELEMETRY_DROPPED = Metric(
    "mcp.proxy.telemetry.dropped",
    Instrument.COUNTER,
    "{item}",
    "Spans, log records and metric exports that were dropped, by reason",
    ("signal", "reason"),
)
LABEL_OVERFLOW = Metric(
    "mcp.proxy.label.overflow",
    Instrument.COUNTER,
    "{request}",
    "Successful requests whose tool, client, principal, resource or prompt is `other`: over a cap",
    ("label",),
)
EVENT_LOOP_LAG = Metric(
    "mcp.proxy.event_loop.lag",
    Instrument.HISTOGRAM,
    "s",
    "Delay between a timer's due time and the event loop running it",
    (),
    LAG_BUCKETS,
)
# The process family keeps the names that every Prometheus client library uses.
PROCESS_CPU = Metric(
    "process_cpu", Instrument.COUNTER, "s", "CPU time of the proxy's process, user and system"
)
PROCESS_RESIDENT_MEMORY = Metric(
    "process_resident_memory", Instrument.GAUGE, "By", "Resident memory of the proxy's process"
)
PROCESS_OPEN_FDS = Metric(
    "process_open_fds", Instrument.GAUGE, "{file}", "Open file descriptors of the proxy's process"
)
PROCESS_START_TIME = Metric(
    "process_start_time",
    Instrument.GAUGE,
    "s",
    "Start time of the proxy's process, in seconds since the epoch",
)

METRICS: tuple[Metric, ...] = (
    REQUESTS,
    REQUEST_DURATION,
    TOOL_CALLS,
    ACTIVE_CONNECTIONS,
    OPERATION_DURATION,
    SESSION_DURATION,
    OUTCOMES,
    CLIENT_CALLS,
    CLIENT_INFO,
    CLIENT_RESULTS,
    PRINCIPAL_CALLS,
    OVERHEAD,
    REQUEST_SIZE,
    RESPONSE_SIZE,
    RESULT_SIZE,
    TOOL_DEFINITION_SIZE,
    TOOLS_LISTED,
    TOOL_CHANGES,
    TOOL_BASELINE_DIFFERENCES,
    WASTED_REQUESTS,
    INJECTED_FAULT,
    FIRST_EVENT,
    IN_FLIGHT,
    SESSIONS,
    STREAMS,
    UPSTREAM_UP,
    UPSTREAM_RESTARTS,
    UPSTREAM_KILLED,
    UPSTREAM_LINKS,
    REFUSALS,
    TELEMETRY_DROPPED,
    LABEL_OVERFLOW,
    EVENT_LOOP_LAG,
    PROCESS_CPU,
    PROCESS_RESIDENT_MEMORY,
    PROCESS_OPEN_FDS,
    PROCESS_START_TIME,
)


class Outcome(StrEnum):
    """The outcome of a request, read from the JSON-RPC answer wherever it travelled."""

    OK = "ok"
    TOOL_ERROR = "tool_error"
    PROTOCOL_ERROR = "protocol_error"
    TRANSPORT_ERROR = "transport_error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class Fault(StrEnum):
    """Whose fault an outcome is."""

    NONE = "none"
    CALLER = "caller"
    OPERATOR = "operator"
    SERVER = "server"
    PROXY = "proxy"


class ToolClass(StrEnum):
    """What a tool does, by the annotations that its server lists (MCP, `ToolAnnotations`).

    `destructiveHint` is true unless the server says otherwise, as the specification has it.
    """

    READ_ONLY = "read_only"
    ADDITIVE = "additive"
    DESTRUCTIVE = "destructive"
    UNANNOTATED = "unannotated"
    UNLISTED = "unlisted"


class ToolChange(StrEnum):
    """Kinds of change of the tools that a server lists."""

    TOOL_ADDED = "tool_added"
    TOOL_REMOVED = "tool_removed"
    TOOL_RENAMED = "tool_renamed"
    DESCRIPTION_CHANGED = "description_changed"
    PARAMETER_ADDED = "parameter_added"
    PARAMETER_REMOVED = "parameter_removed"
    PARAMETER_REQUIRED = "parameter_required"
    PARAMETER_TYPE_CHANGED = "parameter_type_changed"
    ENUM_NARROWED = "enum_narrowed"
    DEFAULT_CHANGED = "default_changed"
    ANNOTATIONS_RISKIER = "annotations_riskier"
    ANNOTATIONS_CHANGED = "annotations_changed"
    OUTPUT_SCHEMA_CHANGED = "output_schema_changed"


class WasteReason(StrEnum):
    """Why a request brought nothing."""

    REPEATED_ERROR = "repeated_error"
    UNLISTED_TOOL = "unlisted_tool"
    INVALID_ARGUMENTS = "invalid_arguments"
    UNCHANGED_LIST = "unchanged_list"


class Status(StrEnum):
    """ToolHive's two-valued status, made honest."""

    SUCCESS = "success"
    ERROR = "error"


OVERFLOW_LABEL = "other"
"""Stands for every value of a client-controlled label beyond its cap."""

NO_METHOD = "unknown"
"""The method of a request that was rejected unread, as ToolHive writes it; it is not a call."""
