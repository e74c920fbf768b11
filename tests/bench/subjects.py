"""What is measured: nothing in between, nginx, and our proxy with its telemetry set differently."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench import load, machine, nginx, ours
from tests.bench.load import Answered
from tests.bench.ours import Running
from tests.bench.programs import Failed, Programs

WARM_SECONDS = 1
SCRAPE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Site:
    """Where a round is run: the programs, a folder, the port of the upstream."""

    programs: Programs
    folder: Path
    upstream: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one subject. `cpu_seconds` is per call.

    `busy` is the subject's share of its core, `idle` the share that nobody used.
    """

    answered: Answered
    cpu_seconds: float = 0.0
    busy: float = 0.0
    idle: float = 0.0
    lost_spans: float = 0.0


@dataclass(frozen=True, slots=True)
class Ours:
    """A way to run our proxy. `{sink}` in a value stands for the collector's URL."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    scraped: bool = False

    def measure(self, site: Site) -> Measured:
        """One run. Raises Failed if the proxy counted other calls than the generator."""
        sink = f"http://127.0.0.1:{site.upstream}"
        environment = {name: value.format(sink=sink) for name, value in self.environment.items()}
        with ours.proxy(site.programs, site.upstream, environment) as proxy, self._scraped(proxy):
            url = f"http://127.0.0.1:{proxy.port}/mcp"
            load.run(site.programs, url, WARM_SECONDS)
            before, spans = proxy.ok, proxy.lost_spans
            measured = _measure(site, url, proxy.process.pid)
            compare(measured.answered, proxy.ok - before)
            return replace(measured, lost_spans=proxy.lost_spans - spans)

    @contextmanager
    def _scraped(self, proxy: Running) -> Iterator[None]:
        with ours.scraping(proxy.metrics, SCRAPE_SECONDS) if self.scraped else nullcontext():
            yield


@dataclass(frozen=True, slots=True)
class Direct:
    """No proxy: what the load and the upstream can do together on their core."""

    name: str = "no proxy"

    def measure(self, site: Site) -> Measured:
        """One run."""
        url = f"http://127.0.0.1:{site.upstream}/mcp"
        return Measured(load.run(site.programs, url, site.seconds))


@dataclass(frozen=True, slots=True)
class Nginx:
    """nginx as a plain reverse proxy, without telemetry."""

    name: str = "nginx"

    def measure(self, site: Site) -> Measured:
        """One run."""
        with nginx.reverse_proxy(site.programs, site.folder, site.upstream) as (process, port):
            url = f"http://127.0.0.1:{port}/mcp"
            load.run(site.programs, url, WARM_SECONDS)
            return _measure(site, url, process.pid)


Subject = Direct | Nginx | Ours


def _otlp(ratio: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "{sink}",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        "OTEL_TRACES_SAMPLER": "traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": ratio,
    }


SUBJECTS: tuple[Subject, ...] = (
    Direct(),
    Nginx(),
    Ours("proxy, telemetry not read"),
    Ours("proxy, /metrics scraped each second", scraped=True),
    Ours("proxy, OTLP each second, 5 % of traces", _otlp("0.05")),
    Ours("proxy, OTLP each second, all traces", _otlp("1.0")),
)


def _measure(site: Site, url: str, pid: int) -> Measured:
    core = site.programs.tested_core
    before, unused = machine.cpu_seconds(pid), machine.idle_seconds(core)
    answered = load.run(site.programs, url, site.seconds)
    used = machine.cpu_seconds(pid) - before
    idle = machine.idle_seconds(core) - unused
    return Measured(
        answered, used / answered.calls, used / answered.seconds, idle / answered.seconds
    )


def compare(answered: Answered, counted: float) -> None:
    """Raises Failed if the counts differ by more than one call per connection and run.

    The generator stops while each connection still has a call on its way.
    """
    if not 0 <= counted - answered.calls <= 2 * load.CONNECTIONS:
        raise Failed(f"wrk counted {answered.calls} calls, the proxy {counted:.0f} that were ok")
