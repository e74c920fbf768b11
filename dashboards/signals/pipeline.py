"""Whether the numbers can be trusted: every step from the proxy to Prometheus."""

from dashboards import foreign, limits, series
from dashboards.promql import aggregate, eq, like, or_zero, over_time, selector
from dashboards.series import CHOSEN, CHOSEN_TARGETS, WHOLE, Series, Source
from dashboards.signal import EACH_SERVER, WHO, Answer, Signal
from dashboards.signals import calls, proxies
from proxy.telemetry.catalogue import METRICS, Instrument, Metric


def _newest(series: Series) -> str:
    """The time of each server's newest sample, to the minute once the server is silent."""
    stamps = f"timestamp({series.select(CHOSEN)})"
    now = aggregate("max", stamps, EACH_SERVER)
    within_the_hour = aggregate("max", over_time("max", stamps, "1h:1m"), EACH_SERVER)
    return f"{now} or {within_the_hour}"


def _age() -> str:
    """Seconds since the newest sample of each server seen within the hour."""
    return f"time() - ({_newest(proxies.UP)} or {_newest(calls.REQUESTS)})"


def _copies() -> str:
    """By how many roads one series arrives; ToolHive's second SSE series is no copy."""
    each_pod = ("namespace", "server", "pod", "transport")
    ours = proxies.UP.now(CHOSEN, by=each_pod, operator="count")
    theirs = proxies.CONNECTIONS.now(CHOSEN, proxies.NOT_SSE, by=each_pod, operator="count")
    return " or ".join(aggregate("max", count, EACH_SERVER) for count in (ours, theirs))


def _spelled(metric: Metric) -> str:
    """The name that stands for a family: one series per label set, also for a histogram."""
    histogram = metric.instrument is Instrument.HISTOGRAM
    return series.count(metric).name if histogram else metric.series


def _families() -> str:
    """How many series each MCP family has; the families of a process are not ours alone."""
    names = "|".join(_spelled(each) for each in METRICS if not each.name.startswith("process_"))
    matches = (like("__name__", names), *CHOSEN.matches)
    return f"count by (__name__) ({selector('', *matches)})"


def _lost(label: str, whole: Series, parts: dict[str, Series]) -> tuple[Answer, ...]:
    """Each part's rate by `label`; 0 for every value of it that the whole knows."""
    present = whole.rate(WHOLE, by=(label,))
    return tuple(
        Answer(or_zero(part.rate(WHOLE, by=(label,)), present), f"{{{{{label}}}}} {name}")
        for name, part in parts.items()
    )


FRESHNESS = Signal(
    "Age of the newest sample",
    "Seconds since Prometheus last got a sample of a server, seen within the last hour. Rising:"
    " the proxy is gone or its road is cut. Where a collector is scraped it repeats the last value"
    " for 5 minutes, so a lost proxy shows that much later.",
    "s",
    (Answer(_age(), WHO),),
    Source.PROXY,
    limits.FRESHNESS_SECONDS,
    opens="mcp-server",
)
OLDEST = Signal(
    "Oldest server",
    "The age of the newest sample of the server that has been silent for longest. High: look below"
    " which server it is.",
    "s",
    (Answer(f"max({_age()})", "age"),),
    Source.PROXY,
    limits.FRESHNESS_SECONDS,
)
REPORTING = Signal(
    "Servers reporting",
    "MCP servers that tell of themselves now. Fewer than you run: those missing are not"
    " instrumented, or their road is cut.",
    "short",
    (Answer(f"count({proxies.UP.now(CHOSEN, by=EACH_SERVER, operator='group')})", "servers"),),
    Source.PROXY,
)
COPIES = Signal(
    "Copies of a series",
    "By how many roads the series of one proxy arrive. Each must arrive once: either it is scraped"
    " or it is pushed.",
    "short",
    (Answer(_copies(), WHO),),
    Source.PROXY,
    limits.COPIES,
    opens="mcp-server",
)
MOST_COPIES = Signal(
    "Double counting",
    "1 is right: each series arrives by one road. High: see which server it is under Arrival, and"
    " switch one of its roads off.",
    "short",
    (Answer(f"max({_copies()})", "copies"),),
    Source.PROXY,
    limits.COPIES,
)
SERIES_BY_FAMILY = Signal(
    "Series by family",
    "Series of each MCP metric, histograms counted once per label set. A line that only rises is a"
    " label without bound, such as invented tool names.",
    "short",
    (Answer(_families(), "{{__name__}}"),),
    Source.PROXY,
    limits.SERIES_PER_FAMILY,
)
TARGET_UP = Signal(
    "Proxies scraped",
    "Whether Prometheus can read the proxies' /metrics, where it scrapes them. Empty where the"
    " metrics are pushed.",
    "none",
    (Answer(foreign.UP.now(CHOSEN_TARGETS, by=("job",), operator="min"), "{{job}}"),),
    Source.SCRAPE_PROXY,
    limits.TARGET_UP,
    words=((0, "down"), (1, "up")),
)
SCRAPE_DURATION = Signal(
    "Scrape duration",
    "How long reading /metrics of a proxy takes. High: the proxy is short of CPU or holds far too"
    " many series. Empty where the metrics are pushed.",
    "s",
    (Answer(foreign.SCRAPE_DURATION.now(CHOSEN_TARGETS, by=("job",), operator="max"), "{{job}}"),),
    Source.SCRAPE_PROXY,
    limits.SCRAPE_SECONDS,
)
SCRAPE_SAMPLES = Signal(
    "Samples per scrape",
    "Samples on /metrics of a proxy. A line that only rises is a label without bound. Empty where"
    " the metrics are pushed.",
    "short",
    (Answer(foreign.SCRAPE_SAMPLES.now(CHOSEN_TARGETS, by=("job",), operator="max"), "{{job}}"),),
    Source.SCRAPE_PROXY,
)
POINTS_RECEIVED = Signal(
    "Metric points received",
    "Metric points that the collector accepted. A fall while servers report means that proxies"
    " cannot reach it. Empty where metrics do not pass the collector.",
    "cps",
    (Answer(foreign.ACCEPTED_POINTS.rate(WHOLE, by=("receiver",)), "{{receiver}}"),),
    Source.COLLECTOR_METRICS,
)
POINTS_REFUSED = Signal(
    "Metric points refused",
    "Metric points that the collector refused or failed to take in: its memory limit is reached,"
    " or what comes next refuses. Empty where metrics do not pass the collector.",
    "cps",
    _lost(
        "receiver",
        foreign.ACCEPTED_POINTS,
        {"refused": foreign.REFUSED_POINTS, "failed": foreign.BROKEN_POINTS},
    ),
    Source.COLLECTOR_METRICS,
    limits.LOST,
)
POINTS_SENT = Signal(
    "Metric points sent on",
    "Metric points that the collector handed on, by exporter. Below what it received: points are"
    " filtered, queued or lost. Empty where metrics do not pass the collector.",
    "cps",
    (Answer(foreign.SENT_POINTS.rate(WHOLE, by=("exporter",)), "{{exporter}}"),),
    Source.COLLECTOR_METRICS,
)
POINTS_UNSENT = Signal(
    "Metric points lost on the way out",
    "Metric points that an exporter could not send or queue: the receiving side is away or refuses"
    " them. Empty where metrics do not pass the collector.",
    "cps",
    _lost(
        "exporter",
        foreign.SENT_POINTS,
        {"not sent": foreign.UNSENT_POINTS, "not queued": foreign.UNQUEUED_POINTS},
    ),
    Source.COLLECTOR_METRICS,
    limits.LOST,
)
SPANS_RECEIVED = Signal(
    "Spans received",
    "Spans that the collector accepted. None while calls are made: sampling is 0, or the proxies"
    " cannot reach it.",
    "cps",
    (Answer(foreign.ACCEPTED_SPANS.rate(WHOLE, by=("receiver",)), "{{receiver}}"),),
    Source.COLLECTOR,
)
SPANS_REFUSED = Signal(
    "Spans refused",
    "Spans that the collector refused or failed to take in: its memory limit is reached, or what"
    " comes next refuses.",
    "cps",
    _lost(
        "receiver",
        foreign.ACCEPTED_SPANS,
        {"refused": foreign.REFUSED_SPANS, "failed": foreign.BROKEN_SPANS},
    ),
    Source.COLLECTOR,
    limits.LOST,
)
SPANS_SENT = Signal(
    "Spans sent on",
    "Spans that the collector handed to Jaeger. Below what it received: spans are queued or lost.",
    "cps",
    (Answer(foreign.SENT_SPANS.rate(WHOLE, by=("exporter",)), "{{exporter}}"),),
    Source.COLLECTOR,
)
SPANS_UNSENT = Signal(
    "Spans lost on the way out",
    "Spans that an exporter could not send or queue: Jaeger is away or refuses them.",
    "cps",
    _lost(
        "exporter",
        foreign.SENT_SPANS,
        {"not sent": foreign.UNSENT_SPANS, "not queued": foreign.UNQUEUED_SPANS},
    ),
    Source.COLLECTOR,
    limits.LOST,
)
_QUEUE = ("exporter", "data_type")
QUEUE = Signal(
    "Fill of the sending queues",
    "How full an exporter's queue is. Filling: the receiving side is away or too slow.",
    "percentunit",
    (
        Answer(
            f"{foreign.QUEUE_SIZE.now(WHOLE, by=_QUEUE)}"
            f" / {foreign.QUEUE_CAPACITY.now(WHOLE, by=_QUEUE)}",
            "{{exporter}} {{data_type}}",
        ),
    ),
    Source.COLLECTOR,
    limits.QUEUE,
)
COLLECTOR_MEMORY = Signal(
    "Memory of the collector",
    "Resident memory of the collector. Near its memory limit it refuses what comes in.",
    "bytes",
    (Answer(foreign.COLLECTOR_MEMORY.now(WHOLE, by=("instance",)), "{{instance}}"),),
    Source.COLLECTOR,
)
_WRITE = eq("handler", "/api/v1/write")
WRITES = Signal(
    "Remote writes received",
    "Requests to Prometheus' remote-write receiver by HTTP status. 4xx: samples are refused for"
    " good, see the reasons beside. Empty where nobody writes.",
    "reqps",
    (Answer(foreign.HTTP_REQUESTS.rate(WHOLE, _WRITE, by=("code",)), "{{code}}"),),
    Source.REMOTE_WRITE,
)
WRITE_LATENCY = Signal(
    "Remote write p95",
    "95 of 100 remote writes are stored within this time. High: Prometheus is short of disk or"
    " CPU, and the writers' queues fill.",
    "s",
    (Answer(foreign.HTTP_DURATION.quantile(0.95, WHOLE, _WRITE), "p95"),),
    Source.REMOTE_WRITE,
    limits.LATENCY_SECONDS.because("Writers wait for each request before the next."),
    quiet="no writes",
)
SAMPLES_REFUSED = Signal(
    "Samples refused by Prometheus",
    "Samples out of order or too old. Two writers of one series, or a writer that was away for"
    " longer than the out-of-order window.",
    "cps",
    (
        Answer(foreign.OUT_OF_ORDER.rate(WHOLE), "out of order"),
        Answer(foreign.TOO_OLD.rate(WHOLE), "too old"),
    ),
    Source.PROMETHEUS,
    limits.LOST,
)
HEAD_SERIES = Signal(
    "Series in memory",
    "All series that Prometheus holds in memory. A line that only rises ends in a restart for lack"
    " of memory.",
    "short",
    (Answer(foreign.HEAD_SERIES.now(WHOLE, by=("instance",)), "{{instance}}"),),
    Source.PROMETHEUS,
)
SAMPLES_STORED = Signal(
    "Samples stored",
    "Samples that Prometheus stores per second. A sudden fall: a road is cut.",
    "cps",
    (Answer(foreign.APPENDED.rate(WHOLE, by=("instance",)), "{{instance}}"),),
    Source.PROMETHEUS,
)
RULE_FAILURES = Signal(
    "Rule failures",
    "Evaluations of rules that failed. An alert whose rule fails cannot fire; Prometheus' log has"
    " the reason.",
    "short",
    (Answer(foreign.RULE_FAILURES.increase(WHOLE), "failures"),),
    Source.PROMETHEUS,
    limits.LOST.because("Failed rules leave holes in the service level indicators."),
)
