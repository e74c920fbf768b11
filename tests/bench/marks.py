"""The marks that the proxy is held to, and whether a bench found them met. Rows of data."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import results
from tests.bench.load import CONNECTIONS, Answered
from tests.bench.nginx import SIZES
from tests.bench.results import Results
from tests.bench.subjects import OFF, SAMPLED, SCRAPED, STDIO, TRACED, Nginx, Ours, Telemetry

_KILO, _MEGA = 1e3, 1e6
_LARGE = "/1MB"


@dataclass(frozen=True, slots=True)
class Mark:
    """A limit: `value` must not be above it, or below it if it is `at_least`.

    `why` says what the time goes into where it is not met, and what would reach it.
    """

    name: str
    limit: float
    unit: str
    value: Callable[[Results], float]
    why: str
    at_least: bool = False

    def met(self, found: Results) -> bool:
        """Whether the bench found so."""
        value = self.value(found)
        return value >= self.limit if self.at_least else value <= self.limit

    def row(self, found: Results) -> str:
        """The mark as a row of a table."""
        word = "at least" if self.at_least else "at most"
        outcome = "met" if self.met(found) else "**not met**"
        limit = f"{word} {self.limit:,g} {self.unit}"
        return f"| {self.name} | {limit} | {self.value(found):,.4g} {self.unit} | {outcome} |"


def _ratio(telemetry: Telemetry) -> Callable[[Results], float]:
    return lambda found: found.ratio(Ours(telemetry=telemetry), Nginx())


def _added_times(of: Callable[[Answered], float]) -> Callable[[Results], float]:
    return lambda found: found.added(Ours(), of) / found.added(Nginx(), of)


def _rate(found: Results) -> float:
    return found.median(Ours(), lambda run: run.answered.rate)


def _stdio(found: Results) -> float:
    return found.ratio(Ours(STDIO), Nginx())


def _relayed(found: Results) -> float:
    return found.gigabytes(Ours(answer=_LARGE), SIZES[_LARGE])


def _held(found: Results) -> float:
    return found.median(Ours(answer=_LARGE), lambda run: run.grown) / CONNECTIONS / _KILO


def _session(found: Results) -> float:
    return found.idle.each / _KILO if found.idle else float("nan")


def _connected(found: Results) -> float:
    return found.connected.each / _KILO if found.connected else float("nan")


def _in_all(found: Results) -> float:
    return found.connected.after / _MEGA if found.connected else float("nan")


_CALL = (
    "the kernel's part (four system calls, TCP over loopback, waking the peers) is nearly what all "
    "of nginx's call costs; the rest is in the profile below. Nearer come fewer objects per call: "
    "one for call, exchange and session, and the decoder reading no more than id and outcome"
)
_GOAL = (
    "nginx makes the same system calls, so all that Python adds stands above 1.0; only with the "
    "heads, the framing and the reading of outcomes in C could it be reached"
)
_SPANS = (
    "a sampled call pays for ids, a record, its two spans and their encoding in Python, mostly in "
    "the exporting thread; a native encoder would come nearer, as does a lower ratio"
)
_LATENCY = (
    "a call crosses the event loop twice, between which other work (a scrape's thread, a "
    "probe) can have the interpreter; a busy machine shows here first"
)
_SESSIONS = (
    "messages are read one by one, their ids looked up, and pipes cost a wake-up of the server's "
    "process each; these modules (conversation, child, reply) are not compiled yet"
)
_LARGE_WHY = (
    "the bytes cross user space twice (a read, a write) where nginx reads into one buffer; reading "
    "the outcome of 1 MB costs 0.6 ms. Larger reads and splice(2) for texts would come nearer"
)
_HELD = "what clients have not read yet waits in the write buffers, beside one read of up to 256 kB"
_START = (
    "most of it is imports, which `python -X importtime -c 'import proxy.app.server'` lists; later "
    "imports of what the settings do not ask for would come nearer"
)

MARKS = (
    Mark("HTTP to HTTP, CPU per call, telemetry off", 1.6, "x nginx", _ratio(OFF), _CALL),
    Mark("HTTP to HTTP, CPU per call, /metrics scraped", 2.0, "x nginx", _ratio(SCRAPED), _CALL),
    Mark("HTTP to HTTP, CPU per call, OTLP, 5 % of traces", 2.3, "x nginx", _ratio(SAMPLED), _CALL),
    Mark("HTTP to HTTP, CPU per call, OTLP, all traces", 4.0, "x nginx", _ratio(TRACED), _SPANS),
    Mark("goal beyond the marks: /metrics scraped", 1.0, "x nginx", _ratio(SCRAPED), _GOAL),
    Mark("added p50 at 1,000 calls/s", 2.0, "x nginx's", _added_times(results.p50), _LATENCY),
    Mark("added p99 at 1,000 calls/s", 2.0, "x nginx's", _added_times(results.p99), _LATENCY),
    Mark("saturation on one core", 12_000, "calls/s", _rate, _CALL, at_least=True),
    Mark("HTTP to stdio, CPU per call, child excluded", 3.0, "x nginx", _stdio, _SESSIONS),
    Mark("1 MB answers per second of CPU time", 1.0, "GB", _relayed, _LARGE_WHY, at_least=True),
    Mark("1 MB answers, memory per client above idle", 500, "kB", _held, _HELD),
    Mark("idle session, its client gone", 4, "kB", _session, ""),
    Mark("idle session, its client connected", 4, "kB", _connected, ""),
    Mark("10,000 idle sessions with their clients, in all", 100, "MB", _in_all, ""),
    Mark("start to ready", 0.5, "s", lambda found: found.start_seconds, _START),
    Mark("image without its base, compressed", 35, "MB", lambda f: f.packages_bytes / _MEGA, ""),
)
