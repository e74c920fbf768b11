"""The proxy's clock beside this machine's, by the times of its spans."""

from contextlib import suppress

from lab.doctor.examination import Examination, Lost
from lab.jaeger_api import Jaeger
from lab.prometheus_api import Unreachable

SKEW_SECONDS = 5.0
"""Times further from the call than this come from another clock."""


def check_clock(given: Examination) -> None:
    """Raise Lost if the proxy's span of the call began long before or after it."""
    hops = given.hops
    if hops.jaeger is None:
        return
    began: list[float] = []
    with suppress(Unreachable):
        spans = Jaeger(hops.jaeger).trace(given.call.trace_id)
        began = [each.start for each in spans if each.service == hops.server]
    off = min(began, default=given.call.sent) - given.call.sent
    if -SKEW_SECONDS < off < hops.wait + SKEW_SECONDS:
        return
    raise Lost(
        f"the clock of the proxy's machine is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}:"
        " boards do not show its traces now, and Prometheus gets what it pushes at a wrong time",
        "synchronize the clocks of the proxy's machine and of this one (NTP)",
    )
