"""Where the hops of a pipeline are: those of a running demo, or as the user says."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.cli_text import is_url
from lab.arguments import Parser, UsageError
from lab.local.running_demo import Demo, DemoServer, running_demo
from stacks.architectures import ARCHITECTURES, MetricsIngestion

DEFAULT_WAIT_SECONDS = 8.0
"""How long a hop may take to show the call; a cluster that scrapes every 30 s needs more."""

_PURPOSE = """Send one marked call through an MCP proxy and follow it to the metrics, traces and
rules that the boards read. Without options, a running `make demo` is examined."""


@dataclass(frozen=True, slots=True)
class Hops:
    """The server's name, and the URL of each hop; None for one that is not known.

    `collected` is that of the series which the collector exposes; None where it gets no metrics.
    """

    server: str
    mcp: str
    metrics: str
    prometheus: str
    jaeger: str | None = None
    collector: str | None = None
    collected: str | None = None
    token: str = ""
    wait: float = DEFAULT_WAIT_SECONDS


def parse(arguments: Sequence[str]) -> Hops:
    """Raises UsageError."""
    parser = Parser(prog="python -m lab.doctor", description=_PURPOSE)
    parser.add_argument("--server", metavar="NAME", help="the label `server`; default: the first")
    for name, what in _URLS.items():
        parser.add_argument(f"--{name}", metavar="URL", help=what)
    parser.add_argument("--token", default="", help="the bearer token that the proxy asks for")
    parser.add_argument(
        "--wait",
        type=float,
        default=DEFAULT_WAIT_SECONDS,
        metavar="SECONDS",
        help=f"how long each hop may take; default: {DEFAULT_WAIT_SECONDS:g}",
    )
    given = parser.parse_args(arguments)
    urls = {name: getattr(given, name) for name in _URLS}
    for name, url in urls.items():
        if url is not None and not is_url(url):
            raise UsageError(f"--{name} {url!r} is not a URL: write http://host:port")
    if not given.wait > 0:
        raise UsageError(f"--wait {given.wait:g}: not a positive number of seconds")
    known = {name: each for name, each in _of_demo(given.server, urls).items() if each is not None}
    missing = [f"--{each}" for each in _NEEDED if each not in known]
    if missing:
        raise UsageError(
            f"no demo is running here: start `make demo`, or give {', '.join(missing)}"
        )
    return Hops(**known, token=given.token, wait=given.wait)


_NEEDED = ("server", "mcp", "metrics", "prometheus")
_URLS = {
    "mcp": "the proxy's MCP endpoint",
    "metrics": "the proxy's /metrics",
    "prometheus": "Prometheus",
    "jaeger": "Jaeger's query API",
    "collector": "the collector's health_check",
    "collected": "the series that the collector exposes to Prometheus",
}


def _of_demo(server: str | None, urls: dict[str, str | None]) -> dict[str, str | None]:
    """What the user gave; the rest is that of a running demo, unless a proxy was given."""
    demo = running_demo() if urls["mcp"] is None else None
    if demo is None:
        return {"server": server, **urls}
    found = _server(demo, server)
    theirs = {
        "server": found.name,
        "mcp": found.mcp,
        "metrics": found.metrics,
        "prometheus": demo.prometheus,
        "jaeger": demo.jaeger,
        "collector": demo.collector,
        "collected": demo.collected if _pushes(demo) else None,
    }
    return {**theirs, **{name: url for name, url in urls.items() if url is not None}}


def _server(demo: Demo, name: str | None) -> DemoServer:
    for each in demo.servers:
        if name in (None, each.name):
            return each
    known = ", ".join(each.name for each in demo.servers)
    raise UsageError(f"--server {name}: the demo has {known}")


def _pushes(demo: Demo) -> bool:
    """Whether the collector gets the proxies' metrics."""
    return ARCHITECTURES[demo.architecture].metrics_ingestion is MetricsIngestion.PUSHED
