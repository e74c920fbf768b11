"""Context: tools take more of the model's context than they did a week ago."""

from dashboards.alerts.alert import Alert, Runbook, Severity
from dashboards.promql.expression import Expr, Paren
from dashboards.recordings.catalogue import TOOL_LIST_BYTES, TOOL_RESULT_DAY
from dashboards.recordings.recording import Recording
from dashboards.thresholds import Thresholds

CONTEXT_BOARD = "mcp-context"
_KEYS = ("context_growth", "context_floor")


def _a_week_ago(recording: Recording) -> Expr:
    return recording.value.ago("7d").over("last_over_time", "1h")


def _grew(recording: Recording, t: Thresholds) -> Expr:
    now, before = recording.value, _a_week_ago(recording)
    return (now > round(1 + t.context_growth, 6) * before) & (now > Paren(before + t.context_floor))


def context_growth(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (
        Alert(
            "MCPToolListGrew",
            TOOL_LIST_BYTES.value,
            _grew(TOOL_LIST_BYTES, t),
            "5m",
            Severity.WARNING,
            "The tool list of {server} grew",
            "The definitions of the tools of {server} take {bytes}, over"
            f" {t.context_growth:.0%} more than a week ago: the model pays for that with every"
            " request.",
            Runbook(
                "Clients send the tool list to the model with every request. It takes more of the"
                " model's context than a week ago, which costs money, and room for the task.",
                "A release added tools, or made descriptions or schemas longer.",
                "The board lists the tools by size. Shorten the largest, or serve tools that are"
                ' not needed together by servers of their own; panel "Listed and not called" counts'
                " those that nobody uses. If the growth is wanted, do nothing: the alert resolves"
                " within a week.",
                TOOL_LIST_BYTES.value / _a_week_ago(TOOL_LIST_BYTES),
            ),
            _KEYS,
            CONTEXT_BOARD,
        ),
        Alert(
            "MCPToolResultsGrew",
            TOOL_RESULT_DAY.value,
            _grew(TOOL_RESULT_DAY, t),
            "15m",
            Severity.WARNING,
            "The results of tool {tool} of {server} grew",
            "A result of tool {tool} of {server} takes {bytes} on average, over a day:"
            f" over {t.context_growth:.0%} more than a week ago.",
            Runbook(
                "The results of one tool take more of the model's context than a week ago.",
                "The tool returns more than before: a release, more data behind it, or callers that"
                " ask for more.",
                "Compare a result of now with one of before in the server's log or with"
                " `--log-payloads`. Let the tool return less, or pages; otherwise tell callers how"
                " to ask for less.",
                TOOL_RESULT_DAY.value / _a_week_ago(TOOL_RESULT_DAY),
            ),
            _KEYS,
            CONTEXT_BOARD,
        ),
    )
