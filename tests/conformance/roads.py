"""The roads from the suite to the reference server: directly, or through our proxy."""

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.integration.proxies import RunningProxy, running
from tests.integration.serving import serving
from tests.proxy.telemetry.otlp.collectors import Inbox, http_collector

REFERENCE = (sys.executable, "-m", "tests.conformance.reference", "--transport")
LAUNCHER = Path(__file__).parent / "reference" / "launcher.py"
SCRAPE_SECONDS = 0.5
END_SECONDS = 10.0

_EVERYTHING_ON = {
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_TRACES_SAMPLER": "always_on",
    "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    "OTEL_BSP_SCHEDULE_DELAY": "500",
}


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a proxy reported of its calls: `spans` are its SERVER spans."""

    calls: int
    spans: int
    dropped: int
    scrapes: int
    pushes: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the suite calls, and what telemetry reported afterwards, if there is any."""

    url: str
    telemetry: Callable[[], Telemetry | None]


@dataclass(frozen=True, slots=True)
class Road:
    """One way to the reference server.

    `not_applicable` names the checks (scenario, check) that the suite leaves out because answers
    come as JSON there: a stdio server has no streams that it could close and resume, and its
    proxy needs a stream only for messages before the answer.
    """

    name: str
    serve: Callable[[], AbstractContextManager[Destination]]
    not_applicable: frozenset[tuple[str, str]] = frozenset()


@contextmanager
def _over_http() -> Iterator[str]:
    with serving(*REFERENCE, "streamable-http") as listen:
        yield f"http://{listen}/mcp"


@contextmanager
def _over_stdio() -> Iterator[tuple[str, ...]]:
    """The command of a reference server over stdio that starts at once."""
    with (
        tempfile.TemporaryDirectory(prefix="conformance-") as folder,
        serving(*REFERENCE, "stdio", "--nursery", f"{folder}/nursery") as nursery,
    ):
        yield (sys.executable, "-IS", str(LAUNCHER), nursery)


@contextmanager
def _direct() -> Iterator[Destination]:
    with _over_http() as url:
        yield Destination(url, lambda: None)


@contextmanager
def _http_to_http() -> Iterator[Destination]:
    with _over_http() as url, _proxied("--upstream", url) as destination:
        yield destination


@contextmanager
def _http_to_stdio() -> Iterator[Destination]:
    with _over_stdio() as command, _proxied("--", *command) as destination:
        yield destination


@contextmanager
def _http_to_sse() -> Iterator[Destination]:
    with serving(*REFERENCE, "sse") as listen:
        upstream = ("--upstream", f"http://{listen}/sse", "--upstream-transport", "sse")
        with _proxied(*upstream) as destination:
            yield destination


@contextmanager
def _proxied(*arguments: str) -> Iterator[Destination]:
    """A proxy that is scraped, and that traces and pushes everything."""
    with (
        http_collector() as (endpoint, inbox),
        running(*arguments, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **_EVERYTHING_ON) as proxy,
        _scraped(proxy) as scrapes,
    ):
        yield Destination(proxy.url, lambda: _told(proxy, inbox, len(scrapes)))


@contextmanager
def _scraped(proxy: RunningProxy) -> Iterator[list[int]]:
    """Scrape as Prometheus does, while the block runs: the length of every page."""
    pages: list[int] = []
    ended = threading.Event()

    def scrape() -> None:
        while not ended.wait(SCRAPE_SECONDS):
            pages.append(len(proxy.get("/metrics").content))

    scraper = threading.Thread(target=scrape)
    scraper.start()
    try:
        yield pages
    finally:
        ended.set()
        scraper.join(END_SECONDS)


def _told(proxy: RunningProxy, inbox: Inbox, scrapes: int) -> Telemetry:
    """The telemetry once all of it has arrived; rejected requests have no span."""
    outcomes = proxy.outcomes()
    calls = sum(count for (_, outcome, _), count in outcomes.items() if outcome != "rejected")
    inbox.wait_for(lambda: _server_spans(inbox) >= calls)
    dropped = int(proxy.value("mcp_proxy_telemetry_dropped_total"))
    return Telemetry(calls, _server_spans(inbox), dropped, scrapes, len(inbox.metrics))


def _server_spans(inbox: Inbox) -> int:
    return sum(span.kind == Span.SPAN_KIND_SERVER for span in inbox.spans)


DIRECT = Road("direct", _direct)
HTTP_TO_HTTP = Road("http -> http", _http_to_http)
HTTP_TO_STDIO = Road(
    "http -> stdio",
    _http_to_stdio,
    frozenset(
        {
            ("server-sse-multiple-streams", "server-sse-streams-functional"),
            ("server-sse-polling", "server-sse-disconnect-resume"),
            ("server-sse-polling", "server-sse-priming-event"),
            ("server-sse-polling", "server-sse-retry-field"),
        }
    ),
)
HTTP_TO_SSE = replace(HTTP_TO_STDIO, name="http -> sse", serve=_http_to_sse)
HTTP_TO_STDIO_MODERN = replace(HTTP_TO_STDIO, not_applicable=frozenset())
"""The same road for 2026-07-28, whose requirements all apply there."""
ROADS = {each.name: each for each in (DIRECT, HTTP_TO_HTTP, HTTP_TO_STDIO)}
