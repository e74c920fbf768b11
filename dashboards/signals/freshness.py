"""Freshness: whether every server's series reach Prometheus, once, and without delay."""

from dashboards import limits
from dashboards import third_party_metrics as metrics
from dashboards.expressions import proxies
from dashboards.links import TO_PIPELINE, TO_SERVER
from dashboards.promql.expression import Expr
from dashboards.promql.functions import aggregate, seconds_since, timestamp
from dashboards.promql.scope import EACH_SERVER, EVERYTHING, SELECTED
from dashboards.promql.series import Series, any_of
from dashboards.recordings.catalogue import NEWEST, SERIES
from dashboards.signal import SERVER_LEGEND, Query, Signal

SEEN = NEWEST.series.now(SELECTED, by=EACH_SERVER, operator="group")
"""The selected servers that report: ours even when idle, ToolHive's once called."""


def _age() -> Expr:
    """Seconds since the newest sample of each server seen within the hour.

    Immediately for our proxies; for others, and for servers that fell silent, by the recorded time.
    """
    ours = aggregate("max", timestamp(proxies.UP.select(SELECTED)), EACH_SERVER)
    recorded = NEWEST.series.select(SELECTED).over("max_over_time", "1h")
    return seconds_since(ours | aggregate("max", recorded, EACH_SERVER))


_SCRAPED = any_of(proxies.UP, proxies.CONNECTIONS, where=SELECTED.matches)


def _of_targets(series: Series, operator: str) -> tuple[Query]:
    """Of the targets that series of the selected servers came from, now or within the hour."""
    jobs = aggregate("group", _SCRAPED.over("last_over_time", "1h"), ("job",))
    every = series.now(EVERYTHING, by=("job",), operator=operator)
    return (Query(every.and_on(("job",), jobs), "{job}"),)


FRESHNESS = Signal(
    "Age of the newest sample",
    "Seconds since Prometheus received a sample of a server, for servers seen within the last hour."
    " If this rises, the proxy is gone or its ingestion path is interrupted. A scraped collector"
    " repeats the last value for 5 minutes, so a lost proxy shows that much later.",
    "s",
    (Query(_age(), SERVER_LEGEND),),
    limits.FRESHNESS_SECONDS,
    links=(TO_SERVER,),
)
OLDEST = Signal(
    "Oldest telemetry",
    "The age of the newest sample of the server that has been silent longest. If high, see which"
    " server it is.",
    "s",
    (Query(aggregate("max", _age()), "age"),),
    limits.FRESHNESS_SECONDS,
    links=(TO_PIPELINE,),
)
REPORTING = Signal(
    "Servers reporting",
    "MCP servers that report now. If fewer than you run, the missing ones are not instrumented or"
    " their ingestion path is interrupted; ToolHive's proxies are silent until the first call.",
    "short",
    (Query(aggregate("count", SEEN), "servers"),),
)
COPIES = Signal(
    "Copies of a series",
    "Through how many ingestion paths the series of one proxy arrive. Each must arrive once: a"
    " proxy is either scraped or pushes.",
    "short",
    (Query(proxies.copies(SELECTED), SERVER_LEGEND),),
    limits.COPIES,
    links=(TO_SERVER,),
)
MOST_COPIES = Signal(
    "Double counting",
    "Whether a series arrives through more than one ingestion path, and through how many. If so,"
    " see under Freshness which server it is, and disable one of its paths.",
    "short",
    (Query(aggregate("max", proxies.copies(SELECTED)), "copies"),),
    limits.COPIES,
    value_mappings=((1, "none"),),
)
SERIES_BY_FAMILY = Signal(
    "Series by metric",
    "Series of each MCP metric, histograms counted once per label set. If a line keeps rising, a"
    " label has unbounded values, such as invented tool names.",
    "short",
    (Query(SERIES.series.now(SELECTED, by=("family",)), "{family}"),),
    limits.SERIES_PER_FAMILY,
)
TARGET_UP = Signal(
    "Proxies scraped",
    "Whether Prometheus can read the proxies' /metrics, where it scrapes them. Empty where metrics"
    " are pushed.",
    "none",
    _of_targets(metrics.UP, "min"),
    limits.TARGET_UP,
    value_mappings=((0, "down"), (1, "up")),
)
SCRAPE_DURATION = Signal(
    "Scrape duration",
    "How long a scrape of a proxy's /metrics takes. If high, the proxy is short of CPU or holds far"
    " too many series. Empty where metrics are pushed.",
    "s",
    _of_targets(metrics.SCRAPE_DURATION, "max"),
    limits.SCRAPE_SECONDS,
)
SCRAPE_SAMPLES = Signal(
    "Samples per scrape",
    "Samples on a proxy's /metrics. If a line keeps rising, a label has unbounded values. Empty"
    " where metrics are pushed.",
    "short",
    _of_targets(metrics.SCRAPE_SAMPLES, "max"),
)
