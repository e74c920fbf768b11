"""Measurements with figures that tests choose."""

from dataclasses import replace
from typing import Any

from lab.compare.hops import Hop
from lab.compare.result import UNDISTURBED, Comparison, Measurement, Waits

_USUAL = Measurement(
    architecture="otel-scrape",
    outage=UNDISTURBED,
    down=0.0,
    calls=1_000,
    answered=1_000,
    lost=0,
    doubled=0,
    spans_lost=0,
    metric=Waits(1.5, 2.5, 2.9),
    trace=Waits(0.8, 1.6, 1.7),
    gap=1.1,
    series=100,
    all_series=1_000,
    wire_bytes={Hop.METRICS_PUSH: 400_000, Hop.SPANS: 600_000, Hop.OWN_SCRAPE: 9_000_000},
    cpu_seconds={"proxy": 0.3, "collector": 0.1, "prometheus": 0.05, "jaeger": 0.05},
    peak_bytes={"proxy": 40 * 2**20, "collector": 60 * 2**20},
    lag=0.001,
    behind=(0, 120, 40),
)


def measurement(architecture: str, outage: str = UNDISTURBED, **changes: Any) -> Measurement:
    down: dict[str, Any] = {"down": 60.0, "cpu_seconds": {}} if outage else {}
    return replace(_USUAL, architecture=architecture, outage=outage, **(down | changes))


def comparison(*measurements: Measurement) -> Comparison:
    return Comparison(1_000, 80.0, 60.0, 1, measurements, bare_cpu_seconds=0.2)


OUTAGE_OF_PROMETHEUS = comparison(
    measurement("otel-scrape"),
    measurement("otel-remote-write", cpu_seconds={"proxy": 0.3, "collector": 0.3}),
    measurement("direct-scrape", metric=Waits(0.5, 1.0, 1.1), cpu_seconds={"proxy": 0.4}),
    measurement("otel-scrape", "prometheus", gap=61.0),
    measurement("otel-remote-write", "prometheus", gap=1.2),
    measurement("direct-scrape", "prometheus", gap=61.0),
    measurement("otel-scrape", "proxy-restart", lost=100),
    measurement("otel-remote-write", "proxy-restart"),
    measurement("direct-scrape", "proxy-restart", lost=120, spans_lost=20),
)
"""Scraping leaves a gap, and misses increments before a restart."""
