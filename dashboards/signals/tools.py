"""Tool by tool: how often it is called, how often it fails, how long it takes."""

from dashboards import limits, series
from dashboards.links import TO_TOOL, TO_TRACES
from dashboards.promql import Match, ne, or_zero, quantile, ratio, renamed
from dashboards.series import CHOSEN, CHOSEN_RANGE, Scope, Source
from dashboards.signal import EACH_SERVER, Answer, Signal
from dashboards.signals.calls import FAILED, HONEST, By
from proxy.telemetry import catalogue

CALLS = series.of(catalogue.TOOL_CALLS)
BUCKETS = series.buckets(catalogue.OPERATION_DURATION)

# The semantic conventions' duration names the tool otherwise than ToolHive's counter does.
NAME = "gen_ai_tool_name"
NAMED = ne(NAME, "")

EACH_TOOL = (*EACH_SERVER, "tool")
"""The labels that tell tools apart: servers may offer tools of the same name."""


def call_rate(scope: Scope, by: By) -> str:
    """Tool calls per second."""
    return CALLS.rate(scope, by=by)


def error_ratio(scope: Scope, by: By) -> str:
    """Failed tool calls of all calls of that tool."""
    calls = call_rate(scope, by)
    return ratio(or_zero(CALLS.rate(scope, FAILED, by=by), calls), calls)


def latency(q: float) -> str:
    """The q-quantile of tool calls, by tool, in seconds."""
    return BUCKETS.quantile(q, CHOSEN, NAMED, by=(NAME,))


RATE = Signal(
    "Calls by tool",
    "Tool calls per second. A name that no server offers is a client that guesses.",
    "reqps",
    (Answer(call_rate(CHOSEN, ("tool",)), "{{tool}}"),),
    Source.PROXY,
)
ERROR_RATIO = Signal(
    "Error ratio by tool",
    f"Failed calls of all calls of a tool. {HONEST}",
    "percentunit",
    (Answer(error_ratio(CHOSEN, ("tool",)), "{{tool}}"),),
    Source.PROXY,
    limits.TOOL_ERRORS,
)
LATENCY = Signal(
    "Latency p95 by tool",
    "95 of 100 calls of a tool are answered within this time. The slowest tool decides how long"
    " an agent's turn takes.",
    "s",
    (Answer(latency(0.95), "{{gen_ai_tool_name}}"),),
    Source.PROXY,
    limits.LATENCY_SECONDS,
)


def _calls(*where: Match) -> str:
    return CALLS.increase(CHOSEN_RANGE, *where, by=EACH_TOOL)


def _latency(q: float) -> str:
    spans = BUCKETS.increase(CHOSEN_RANGE, NAMED, by=("le", *EACH_SERVER, NAME))
    return renamed(quantile(q, spans), NAME, "tool", keep=EACH_SERVER)


def _errors() -> str:
    return or_zero(_calls(FAILED), _calls())


TABLE = Signal(
    "Tools",
    "All tools called within the shown time, counted call by call: which one fails, which one is"
    " slow. A click on a name leads to it. Latency is missing where the proxy does not measure it"
    " by tool (ToolHive before 0.9.4).",
    "short",
    (
        Answer(_calls(), "Calls"),
        Answer(_errors(), "Errors"),
        Answer(ratio(_errors(), _calls()), "Error ratio", "percentunit", limits.TOOL_ERRORS),
        Answer(_latency(0.5), "p50", "s"),
        Answer(_latency(0.95), "p95", "s", limits.LATENCY_SECONDS),
    ),
    Source.PROXY,
    keys=EACH_TOOL,
    opens=(TO_TOOL, TO_TRACES),
)
