"""What is new: changes of tools' definitions by kind, and differences from an approved list."""

from dashboards import limits
from dashboards.expressions import changes, proxies
from dashboards.links import TO_SERVER
from dashboards.promql.expression import Call, Expr
from dashboards.promql.functions import aggregate, or_zero, zero_if_none
from dashboards.promql.scope import EACH_SERVER, SELECTED, SELECTED_RANGE, Match, eq, like
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals.calls import by_label
from proxy.telemetry.catalogue import ToolChange

_ADDED = eq("change", ToolChange.TOOL_ADDED)
_GONE = like("change", f"{ToolChange.TOOL_REMOVED}|{ToolChange.TOOL_RENAMED}")
_TEXT = eq("change", ToolChange.DESCRIPTION_CHANGED)
_RANGE = " In the whole time range."


def _changed(*where: Match, by: tuple[str, ...] = ()) -> Expr:
    """Whole numbers, where an increase is extrapolated to fractions."""
    return Call("round", (aggregate("sum", changes.increase(SELECTED_RANGE, *where), by),))


def _differences() -> Expr:
    return aggregate("sum", changes.differences(SELECTED), EACH_SERVER)


ALL = Signal(
    "Changes",
    "Changes of the tools that the selected servers list, of any kind, since a proxy saw a list"
    f" first.{_RANGE} The proxy's log has the difference of each.",
    "short",
    (Query(_changed(), "changes"),),
    no_value_text="no list yet",
)
BREAKING = Signal(
    "Breaking changes",
    "Tools or parameters removed, parameters that became required or have another type, and"
    f" riskier annotations: calls that worked may fail, or do what they did not do before.{_RANGE}",
    "short",
    (Query(_changed(changes.BREAKING), "changes"),),
    limits.LOST.with_reason("Tell the owners of clients."),
    no_value_text="no list yet",
)
ADDED = Signal(
    "Tools added",
    f"Tools that were not listed before.{_RANGE}",
    "short",
    (Query(_changed(_ADDED), "tools"),),
    no_value_text="no list yet",
)
GONE = Signal(
    "Tools removed or renamed",
    f"Tools that are no longer listed under their name.{_RANGE}",
    "short",
    (Query(_changed(_GONE), "tools"),),
    no_value_text="no list yet",
)
DESCRIPTIONS = Signal(
    "Descriptions changed",
    "Changed descriptions of tools. They are instructions to the model: read those that you did not"
    f" expect.{_RANGE}",
    "short",
    (Query(_changed(_TEXT), "tools"),),
    no_value_text="no list yet",
)
UNAPPROVED = Signal(
    "Differences from the approved list",
    "Differences between the tools listed now and the approved ones. 0 also where no list is"
    " approved (--tool-baseline).",
    "short",
    (Query(zero_if_none(aggregate("sum", _differences())), "differences"),),
    limits.LOST.with_reason("Approve the list, or find out who changed it."),
)
TABLE = Signal(
    "Servers",
    f"What changed of each selected server's tools, the most changes first.{_RANGE}",
    "short",
    (
        Query(_changed(by=EACH_SERVER), "Changes", integer=True),
        Query(
            _changed(changes.BREAKING, by=EACH_SERVER),
            "Breaking",
            limit=limits.LOST.with_reason("Tell the owners of clients."),
            integer=True,
        ),
        Query(_changed(_ADDED, by=EACH_SERVER), "Added", integer=True),
        Query(_changed(_GONE, by=EACH_SERVER), "Removed or renamed", integer=True),
        Query(_changed(_TEXT, by=EACH_SERVER), "Descriptions", integer=True),
        Query(or_zero(_differences(), proxies.present(SELECTED)), "Not as approved", integer=True),
    ),
    keys=EACH_SERVER,
    links=(TO_SERVER,),
)
BY_KIND = Signal(
    "Changes by kind",
    "Changes of tools' definitions over time, by kind. A mark on every board shows the same"
    " moments.",
    "short",
    by_label(aggregate("sum", changes.increase(SELECTED), ("change",)), "change"),
    no_value_text="no list yet",
)
BY_SERVER = Signal(
    "Changes by server",
    "Changes of tools' definitions over time, by server. One that changes all the time builds its"
    " list again for each client.",
    "short",
    (Query(aggregate("sum", changes.increase(SELECTED), EACH_SERVER), SERVER_LEGEND),),
    no_value_text="no list yet",
    links=(TO_SERVER,),
)
