"""Saturation: something fills up, and calls will suffer next."""

from dashboards import series
from dashboards.alerts.alert import (
    DURATION,
    NUMBER,
    PIPELINE_BOARD,
    PRESENT,
    WHO,
    Alert,
    Severity,
    over,
)
from dashboards.alerts.sessions import sessions
from dashboards.promql import or_zero
from dashboards.recordings import LOOP_LAG_P99, SERIES
from dashboards.series import RULE
from dashboards.signal import EACH_SERVER
from dashboards.signals import proxies
from dashboards.thresholds import Thresholds
from proxy.telemetry.catalogue import EVENT_LOOP_LAG

_NOW = over("")
_CPU_OF_EACH = proxies.CPU.rate(RULE, proxies.OF_A_PROXY, by=proxies.EACH_POD)
_CPU = f"max by (namespace, server) ({_CPU_OF_EACH})"
# Other proxies use more than one core: those with an event loop are ours.
_ON_ONE_CORE = series.count(EVENT_LOOP_LAG).now(_NOW, by=EACH_SERVER, operator="group")
_MEMORY = proxies.MEMORY.now(_NOW, proxies.OF_A_PROXY, by=EACH_SERVER, operator="max")
_FAMILIES = SERIES.series.now(_NOW, by=("family",))
_OVERFLOW = or_zero(proxies.OVERFLOW.increase(over("15m"), by=EACH_SERVER), PRESENT)


def saturation(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (
        _event_loop_lag(t),
        _cpu_full(t),
        _memory_high(t),
        *sessions(t),
        _label_overflow,
        _series_too_many(t),
    )


def _event_loop_lag(t: Thresholds) -> Alert:
    return Alert(
        "MCPEventLoopLag",
        LOOP_LAG_P99.record,
        f"{LOOP_LAG_P99.record} > {t.loop_lag_seconds:g}",
        "10m",
        Severity.WARNING,
        f"The proxy of {WHO} is late",
        f"1 of 100 timers in the proxy of {WHO} runs more than {DURATION} late, over 5 minutes.",
        ("loop_lag_seconds",),
    )


def _cpu_full(t: Thresholds) -> Alert:
    return Alert(
        "MCPProxyCpuFull",
        f"{_CPU} and {_ON_ONE_CORE}",
        f"{_CPU} > {t.cpu_cores:g} and {_ON_ONE_CORE}",
        "15m",
        Severity.WARNING,
        f"The proxy of {WHO} uses all of its core",
        f"A proxy of {WHO} uses "
        '{{ $value | printf "%.2f" }} cores, over 5 minutes; one process cannot use more than one.',
        ("cpu_cores",),
    )


def _memory_high(t: Thresholds) -> Alert:
    return Alert(
        "MCPProxyMemoryHigh",
        _MEMORY,
        f"{_MEMORY} > {t.memory_bytes:g}",
        "15m",
        Severity.WARNING,
        f"The proxy of {WHO} needs much memory",
        f"A proxy of {WHO} holds {{{{ $value | humanize1024 }}}}B in memory.",
        ("memory_bytes",),
    )


_label_overflow = Alert(
    "MCPLabelOverflow",
    _OVERFLOW,
    f"{_OVERFLOW} > 0",
    "15m",
    Severity.WARNING,
    f"Tool names of {WHO} exceed the cap",
    f"{NUMBER} calls to {WHO} were counted as tool `other`, in 15 minutes:"
    " the server has more tools that work than get series of their own.",
)


def _series_too_many(t: Thresholds) -> Alert:
    return Alert(
        "MCPSeriesTooMany",
        _FAMILIES,
        f"{_FAMILIES} > {t.series_per_family:g}",
        "15m",
        Severity.WARNING,
        "Metric {{ $labels.family }} has too many series",
        f"{{{{ $labels.family }}}} has {NUMBER} series: one of its labels has no bound.",
        ("series_per_family",),
        PIPELINE_BOARD,
        about=(),
    )
