"""The faults that a proxy injects, as its metrics report them."""

from lab.doctor.examination import values_on
from proxy.faults.injections import Reported
from proxy.telemetry.catalogue import INJECTED_FAULT


def reported_on(page: str) -> set[Reported] | None:
    """Those that are on; None without a page."""
    if not page:
        return None
    return {
        (labels["fault"], labels.get("level", ""))
        for labels, value in values_on(page, INJECTED_FAULT.family)
        if value
    }
