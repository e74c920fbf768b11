"""What is loaded at saturation: rows of data. A new transport pair is one row of `PAIRS`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.nginx import SIZES
from tests.bench.programs import Programs

SESSIONS = 32
"""Sessions of a pair that has them, called in turn; each may be a process of the server."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a bench is run: the programs, a folder, the upstreams' ports, the length of a run.

    `compiled` is the folder of the compiled proxy; None means that the plain one is measured.
    """

    programs: Programs
    folder: Path
    upstream: int
    sse: int
    echo: Path
    compiled: Path | None
    seconds: int

    @property
    def upstream_url(self) -> str:
        """The upstream, without a path."""
        return f"http://127.0.0.1:{self.upstream}"


@dataclass(frozen=True, slots=True)
class Telemetry:
    """How the proxy's telemetry is set. `{sink}` in a value stands for the collector's URL."""

    name: str
    environment: tuple[tuple[str, str], ...] = ()
    scraped: bool = False


def _otlp(ratio: str) -> tuple[tuple[str, str], ...]:
    return (
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "{sink}"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", ratio),
    )


OFF = Telemetry("telemetry off")
SCRAPED = Telemetry("/metrics scraped each second", scraped=True)
SAMPLED = Telemetry("scraped, OTLP, 5 % of traces", _otlp("0.05"), scraped=True)
TRACED = Telemetry("scraped, OTLP, all traces", _otlp("1.0"), scraped=True)
TELEMETRY = (OFF, SCRAPED, SAMPLED, TRACED)


@dataclass(frozen=True, slots=True)
class Pair:
    """A client side and a server side; `arguments` start the proxy between them.

    `sized` says whether its server's answers have the size that is asked for.
    """

    name: str
    arguments: Callable[[Site, str], tuple[str, ...]]
    sessions: int = 0
    sized: bool = True


def _http(site: Site, answer: str) -> tuple[str, ...]:
    return ("--upstream", f"{site.upstream_url}{answer}")


def _stdio(site: Site, answer: str) -> tuple[str, ...]:
    pinned = site.programs.on_load_core(str(site.echo), str(SIZES[answer]))
    return ("--", *pinned)


def _sse(site: Site, answer: str) -> tuple[str, ...]:
    return ("--upstream", f"http://127.0.0.1:{site.sse}/sse", "--upstream-transport", "sse")


HTTP = Pair("HTTP to HTTP", _http)
STDIO = Pair("HTTP to stdio", _stdio, sessions=SESSIONS)
SSE = Pair("HTTP to HTTP+SSE", _sse, sessions=SESSIONS, sized=False)
PAIRS = (HTTP, STDIO, SSE)


@dataclass(frozen=True, slots=True)
class Direct:
    """No proxy: what the load and the upstream can do together on their core."""

    answer: str = "/200B"

    @property
    def name(self) -> str:
        """In tables."""
        return "no proxy"


@dataclass(frozen=True, slots=True)
class Nginx:
    """nginx as a plain reverse proxy, without telemetry."""

    answer: str = "/200B"

    @property
    def name(self) -> str:
        """In tables."""
        return "nginx"


@dataclass(frozen=True, slots=True)
class Ours:
    """A way to run our proxy."""

    pair: Pair = HTTP
    telemetry: Telemetry = SCRAPED
    answer: str = "/200B"
    plain: bool = False

    @property
    def name(self) -> str:
        """In tables."""
        kind = "proxy, not compiled" if self.plain else "proxy"
        return f"{kind}, {self.pair.name}, {self.telemetry.name}"


Subject = Direct | Nginx | Ours

QUICK: tuple[Subject, ...] = (Nginx(), *(Ours(telemetry=each) for each in TELEMETRY))

SMALL: tuple[Subject, ...] = (
    Direct(),
    Nginx(),
    *(Ours(pair, telemetry) for pair in PAIRS for telemetry in TELEMETRY),
    Ours(telemetry=OFF, plain=True),
    Ours(telemetry=SCRAPED, plain=True),
)
LARGE: tuple[Subject, ...] = (
    Nginx("/10kB"),
    *(Ours(pair, answer="/10kB") for pair in PAIRS if pair.sized),
    Nginx("/1MB"),
    *(Ours(pair, answer="/1MB") for pair in PAIRS if pair.sized),
)
PACED: tuple[Subject, ...] = (Direct(), Nginx(), Ours(), Ours(plain=True))
