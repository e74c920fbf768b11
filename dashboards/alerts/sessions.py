"""Sessions and streams: clients hold open what nobody uses."""

from dashboards.alerts.alert import NUMBER, WHO, Alert, Severity, over
from dashboards.promql import aggregate
from dashboards.series import Series
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies
from dashboards.thresholds import Thresholds

_NOW = over("")


def _held(operator: str, held: Series, window: str, ago: str = "") -> str:
    """The most or least that clients held open over the window, pods added up."""
    return aggregate(
        "sum", f"{operator}_over_time({held.select(_NOW)}[{window}]{ago})", EACH_SERVER
    )


_KEPT = _held("min", proxies.SESSIONS, "2h")
_STUCK = (
    f"{_KEPT} > 0 and sum by (namespace, server) ({proxies.SESSIONS.name} offset 2h) > 0"
    f" and {calls.REQUESTS.increase(over('2h'), by=EACH_SERVER)} == 0"
    f" and {_held('max', proxies.STREAMS, '2h')} == 0"
)


def _leaking(name: str, held: Series, noun: str, bound: float) -> Alert:
    more = f"{_held('min', held, '1h')} - {_held('max', held, '1h', ' offset 6h')}"
    return Alert(
        name,
        held.now(_NOW, by=EACH_SERVER),
        f"{more} > {bound:g} unless mcp:calls:rate1h > 1.5 * (mcp:calls:rate1h offset 6h)",
        "30m",
        Severity.WARNING,
        f"Open {noun} of {WHO} pile up",
        f"{NUMBER} more {noun} of {WHO} are open than 6 hours ago, and calls are not more.",
        (f"leaked_{noun}",),
    )


_SESSIONS_STUCK = Alert(
    "MCPSessionsStuck",
    proxies.SESSIONS.now(_NOW, by=EACH_SERVER),
    _STUCK,
    "10m",
    Severity.WARNING,
    f"Sessions of {WHO} are stuck",
    f"{NUMBER} sessions of {WHO} have been open for 2 hours without a request or a stream;"
    " the proxy should have ended them.",
)


def sessions(t: Thresholds) -> tuple[Alert, ...]:
    """The sessions' part of the group, in the order of urgency."""
    return (
        _leaking("MCPSessionsLeaking", proxies.SESSIONS, "sessions", t.leaked_sessions),
        _leaking("MCPStreamsLeaking", proxies.STREAMS, "streams", t.leaked_streams),
        _SESSIONS_STUCK,
    )
