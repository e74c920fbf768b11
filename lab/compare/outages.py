"""The outages of a comparison. A trial without any is the undisturbed one."""

from dataclasses import dataclass

RETRY_SECONDS = 45.0
"""The collector waits so long at most between two attempts to send."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What fails for a time.

    `process` is stopped and started again after it, or `at_once`; without one, all connections to
    and from the back ends are cut. It may forget what it has stored. What was held back arrives
    within `settle_seconds` of the last call, or not at all.
    """

    name: str
    what: str
    process: str = ""
    at_once: bool = False
    forgets: bool = False
    settle_seconds: float = RETRY_SECONDS


PROXY = "proxy"
"""The name by which an outage means the proxy's process."""

OUTAGES = {
    each.name: each
    for each in (
        Outage("collector", "the collector is stopped", "collector", settle_seconds=20),
        Outage("prometheus", "Prometheus is stopped", "prometheus"),
        Outage("jaeger", "Jaeger is stopped", "jaeger", forgets=True),
        Outage("link", "the link to Prometheus and Jaeger is cut"),
        Outage("proxy-restart", "the proxy is restarted", PROXY, at_once=True, settle_seconds=10),
    )
}
