"""One run of one subject with all connections always busy: CPU time per call, and memory."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from tests.bench import load, machine, nginx, ours
from tests.bench.load import Answered
from tests.bench.ours import Running
from tests.bench.programs import Failed
from tests.bench.subjects import Direct, Nginx, Ours, Site, Subject

WARM_SECONDS = 1
SCRAPE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one subject. `cpu_seconds` is per call.

    `busy` is the subject's share of its core, `idle` the unused share; `grown` is how
    many bytes of memory it had at its peak above what it had before the first call.
    """

    answered: Answered
    cpu_seconds: float = 0.0
    busy: float = 0.0
    idle: float = 0.0
    lost_spans: float = 0.0
    grown: int = 0


def measure(subject: Subject, site: Site) -> Measured:
    """One run. Raises Failed if the proxy counted other calls than the generator."""
    match subject:
        case Direct():
            return Measured(
                load.run(site.programs, site.upstream_url + subject.answer, site.seconds)
            )
        case Nginx():
            return _nginx(subject, site)
        case Ours():
            return _ours(subject, site)


@contextmanager
def started(subject: Ours, site: Site) -> Iterator[Running]:
    """Our proxy as the subject says, and scraped if it says so."""
    environment = {
        name: value.format(sink=site.upstream_url) for name, value in subject.telemetry.environment
    }
    folder = ours.ROOT if subject.plain or site.compiled is None else site.compiled
    arguments = subject.pair.arguments(site, subject.answer)
    with ours.proxy(site.programs, arguments, environment, folder) as proxy:
        scraped = subject.telemetry.scraped
        with ours.scraping(proxy.metrics, SCRAPE_SECONDS) if scraped else nullcontext():
            yield proxy


def path_of(subject: Ours) -> str:
    """The path at which clients call: an HTTP server's own, else the default one."""
    return "/mcp" if subject.pair.sessions else subject.answer


def _ours(subject: Ours, site: Site) -> Measured:
    with started(subject, site) as proxy:
        path = path_of(subject)
        url = f"http://127.0.0.1:{proxy.port}{path}"
        sessions = proxy.sessions(subject.pair.sessions, path)
        memory = machine.memory(proxy.process.pid)
        load.run(site.programs, url, WARM_SECONDS, sessions)
        before, spans = proxy.ok, proxy.lost_spans
        measured = _measure(site, url, proxy.process.pid, sessions)
        compare(measured.answered, proxy.ok - before)
        return replace(
            measured,
            lost_spans=proxy.lost_spans - spans,
            grown=machine.peak_memory(proxy.process.pid) - memory,
        )


def _nginx(subject: Nginx, site: Site) -> Measured:
    with nginx.reverse_proxy(site.programs, site.folder, site.upstream) as (process, port):
        url = f"http://127.0.0.1:{port}{subject.answer}"
        memory = machine.memory(process.pid)
        load.run(site.programs, url, WARM_SECONDS)
        measured = _measure(site, url, process.pid, [])
        return replace(measured, grown=machine.peak_memory(process.pid) - memory)


def _measure(site: Site, url: str, pid: int, sessions: list[str]) -> Measured:
    core = site.programs.tested_core
    before, unused = machine.cpu_seconds(pid), machine.idle_seconds(core)
    answered = load.run(site.programs, url, site.seconds, sessions)
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
