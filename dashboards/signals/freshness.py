"""Arrival: whether every server's series reach Prometheus, once, and fresh."""

from dashboards import limits, third_party_metrics
from dashboards.links import TO_PIPELINE, TO_SERVER
from dashboards.promql import aggregate, over_time
from dashboards.recordings import NEWEST, SERIES
from dashboards.series import SELECTED, SELECTED_TARGETS, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import proxies

SEEN = NEWEST.series.now(SELECTED, by=EACH_SERVER, operator="group")
"""The chosen servers that tell of themselves: ours even when idle, ToolHive's once called."""


def _age() -> str:
    """Seconds since the newest sample of each server seen within the hour.

    Of our proxies at once; of others, and of what is silent, by what the rule remembers.
    """
    ours = aggregate("max", f"timestamp({proxies.UP.select(SELECTED)})", EACH_SERVER)
    remembered = aggregate(
        "max", over_time("max", NEWEST.series.select(SELECTED), "1h"), EACH_SERVER
    )
    return f"time() - ({ours} or {remembered})"


def _copies() -> str:
    """By how many roads one series arrives; ToolHive's second SSE series is no copy."""
    each_pod = ("namespace", "server", "pod", "transport")
    ours = proxies.UP.now(SELECTED, by=each_pod, operator="count")
    theirs = proxies.CONNECTIONS.now(SELECTED, proxies.NOT_SSE, by=each_pod, operator="count")
    return " or ".join(aggregate("max", count, EACH_SERVER) for count in (ours, theirs))


FRESHNESS = Signal(
    "Age of the newest sample",
    "Seconds since Prometheus last got a sample of a server, seen within the last hour. Rising:"
    " the proxy is gone or its road is cut. Where a collector is scraped it repeats the last value"
    " for 5 minutes, so a lost proxy shows that much later.",
    "s",
    (Query(_age(), WHO),),
    Source.PROXY,
    limits.FRESHNESS_SECONDS,
    links=(TO_SERVER,),
)
OLDEST = Signal(
    "Stalest telemetry",
    "The age of the newest sample of the server that has been silent for longest. High: see which"
    " server it is.",
    "s",
    (Query(f"max({_age()})", "age"),),
    Source.PROXY,
    limits.FRESHNESS_SECONDS,
    links=(TO_PIPELINE,),
)
REPORTING = Signal(
    "Servers reporting",
    "MCP servers that tell of themselves now. Fewer than you run: those missing are not"
    " instrumented, or their road is cut; ToolHive's proxies are silent until the first call.",
    "short",
    (Query(f"count({SEEN})", "servers"),),
    Source.PROXY,
)
COPIES = Signal(
    "Copies of a series",
    "By how many roads the series of one proxy arrive. Each must arrive once: either it is scraped"
    " or it is pushed.",
    "short",
    (Query(_copies(), WHO),),
    Source.PROXY,
    limits.COPIES,
    links=(TO_SERVER,),
)
MOST_COPIES = Signal(
    "Double counting",
    "Whether a series arrives by more than one road, and by how many. If so, see which server it is"
    " under Arrival, and switch one of its roads off.",
    "short",
    (Query(f"max({_copies()})", "copies"),),
    Source.PROXY,
    limits.COPIES,
    value_mappings=((1, "none"),),
)
SERIES_BY_FAMILY = Signal(
    "Series by family",
    "Series of each MCP metric, histograms counted once per label set. A line that only rises is a"
    " label without bound, such as invented tool names.",
    "short",
    (Query(SERIES.series.now(SELECTED, by=("family",)), "{{family}}"),),
    Source.PROXY,
    limits.SERIES_PER_FAMILY,
)
TARGET_UP = Signal(
    "Proxies scraped",
    "Whether Prometheus can read the proxies' /metrics, where it scrapes them. Empty where the"
    " metrics are pushed.",
    "none",
    (Query(third_party_metrics.UP.now(SELECTED_TARGETS, by=("job",), operator="min"), "{{job}}"),),
    Source.SCRAPE_PROXY,
    limits.TARGET_UP,
    value_mappings=((0, "down"), (1, "up")),
)
SCRAPE_DURATION = Signal(
    "Scrape duration",
    "How long reading /metrics of a proxy takes. High: the proxy is short of CPU or holds far too"
    " many series. Empty where the metrics are pushed.",
    "s",
    (
        Query(
            third_party_metrics.SCRAPE_DURATION.now(SELECTED_TARGETS, by=("job",), operator="max"),
            "{{job}}",
        ),
    ),
    Source.SCRAPE_PROXY,
    limits.SCRAPE_SECONDS,
)
SCRAPE_SAMPLES = Signal(
    "Samples per scrape",
    "Samples on /metrics of a proxy. A line that only rises is a label without bound. Empty where"
    " the metrics are pushed.",
    "short",
    (
        Query(
            third_party_metrics.SCRAPE_SAMPLES.now(SELECTED_TARGETS, by=("job",), operator="max"),
            "{{job}}",
        ),
    ),
    Source.SCRAPE_PROXY,
)
