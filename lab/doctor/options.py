"""Where the hops of a pipeline are: those of a running demo, or as the user says."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dashboards.cli_text import is_url
from lab.arguments import Parser, UsageError
from lab.doctor.cluster.choice import ClusterChoice
from lab.http_page import read_page
from lab.local.running_demo import Demo, running_demo, server_of
from stacks.architectures import ARCHITECTURES, MetricsIngestion

DEFAULT_WAIT_SECONDS = 8.0
"""How long a hop of a demo may take to show the call."""
MARGIN_SECONDS = 5.0
"""How long a hop may take beyond the interval at which it gets the call."""

_PURPOSE = """Send one marked call through an MCP proxy and follow it to the metrics, traces and
rules that the boards read. Without options, a running `make demo` is examined; with --stack or
--kubeconfig, a stack on a cluster, by its API alone."""


@dataclass(frozen=True, slots=True)
class Hops:
    """The server's name, and the URL of each hop; None for one that is not known.

    `collected` is that of the series which the collector exposes; None where it gets no metrics.
    `scraped` are the addresses (host:port) of which Prometheus must have one as a target: () if the
    metrics are written to it, None if that is not known.
    """

    server: str
    mcp: str
    metrics: str
    prometheus: str
    jaeger: str | None = None
    collector: str | None = None
    collected: str | None = None
    token: str = field(default="", repr=False)
    wait: float = DEFAULT_WAIT_SECONDS
    read: Callable[[str], str] = read_page
    """Reads a page of a hop; "" if it does not respond."""
    scraped: tuple[str, ...] | None = None
    push_seconds: float = 0.0
    """The interval at which the proxy pushes; 0 if it does not, or that is not known."""
    store_seconds: float = 0.0
    """The interval at which Prometheus scrapes; 0 if metrics are written to it, or unknown."""
    patient: bool = True
    """Whether a hop may take longer than `wait` where its interval is longer."""

    def admin_url(self, path: str) -> str:
        """The URL of a path at the proxy's --metrics-listen; `metrics`, if that is elsewhere."""
        return re.sub(r"/metrics$", path, self.metrics)

    @property
    def fresh_seconds(self) -> float:
        """The age up to which the newest sample in Prometheus is one of a path that delivers."""
        interval = self.push_seconds + self.store_seconds
        return interval + MARGIN_SECONDS if interval else self.wait

    def seconds_for(self, interval: float) -> float:
        """How long a hop may take that gets the call at an interval; 0 if that is not known."""
        prolonged = self.patient and interval
        return max(self.wait, interval + MARGIN_SECONDS) if prolonged else self.wait


@dataclass(frozen=True, slots=True)
class OnCluster:
    """A stack on a cluster; without `wait`, that follows from its intervals."""

    cluster: ClusterChoice
    token: str = field(default="", repr=False)
    wait: float | None = None


def parse(arguments: Sequence[str]) -> Hops | OnCluster:
    """Raises UsageError."""
    parser = Parser(prog="python -m lab.doctor", description=_PURPOSE)
    parser.add_argument("--server", metavar="NAME", help="the label `server`; default: the first")
    for name, what in _URLS.items():
        parser.add_argument(f"--{name}", metavar="URL", help=what)
    for name, (metavar, what) in _CLUSTER.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=what)
    parser.add_argument("--token", default="", help="the bearer token that the proxy asks for")
    parser.add_argument(
        "--wait",
        type=float,
        metavar="SECONDS",
        help=f"how long each hop may take; default: {DEFAULT_WAIT_SECONDS:g}, or by the intervals"
        " of the stack",
    )
    given = parser.parse_args(arguments)
    if given.wait is not None and not 0 < given.wait < math.inf:
        raise UsageError(f"--wait {given.wait:g}: not a positive number of seconds")
    if not given.token.isascii() or not given.token.isprintable() or " " in given.token:
        raise UsageError("--token: not a token of printable ASCII characters without spaces")
    urls = {name: getattr(given, name) for name in _URLS}
    for name, url in urls.items():
        if url is not None and not is_url(url):
            raise UsageError(f"--{name} {url!r} is not a URL: write http://host:port")
    chosen = {name: getattr(given, name) for name in _CLUSTER}
    if any(each is not None for each in chosen.values()):
        if both := [f"--{name}" for name, url in urls.items() if url is not None]:
            raise UsageError(f"{both[0]} is not for a cluster: leave out it, or --stack")
        return OnCluster(ClusterChoice(**chosen, server=given.server), given.token, given.wait)
    wait = DEFAULT_WAIT_SECONDS if given.wait is None else given.wait
    known = {name: each for name, each in _of_demo(given.server, urls).items() if each is not None}
    missing = [f"--{each}" for each in _NEEDED if each not in known]
    if missing:
        raise UsageError(
            "no demo is running here: start `make demo` and wait for its addresses, or give"
            f" {', '.join(missing)}, or --stack for a cluster"
        )
    server, mcp, metrics, prometheus = (known[name] for name in _NEEDED)
    return Hops(
        server,
        mcp,
        metrics,
        prometheus,
        known.get("jaeger"),
        known.get("collector"),
        known.get("collected"),
        given.token,
        wait,
    )


_NEEDED = ("server", "mcp", "metrics", "prometheus")
_URLS = {
    "mcp": "the proxy's MCP endpoint",
    "metrics": "the proxy's /metrics",
    "prometheus": "Prometheus",
    "jaeger": "Jaeger's query API",
    "collector": "the collector's health_check",
    "collected": "the series that the collector exposes to Prometheus",
}
_CLUSTER = {
    "stack": ("NAME", "a stack of stacks/, on the cluster that it is deployed to"),
    "kubeconfig": ("FILE", "another cluster; without --stack, what runs in default namespaces"),
    "context": ("NAME", "another context of the kubeconfig"),
}


def _of_demo(server: str | None, urls: dict[str, str | None]) -> dict[str, str | None]:
    """What the user gave; the rest is that of a running demo, unless a proxy was given."""
    demo = running_demo() if urls["mcp"] is None else None
    if demo is None:
        return {"server": server, **urls}
    found = server_of(demo, server)
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


def _pushes(demo: Demo) -> bool:
    """Whether the collector gets the proxies' metrics."""
    return ARCHITECTURES[demo.architecture].metrics_ingestion is MetricsIngestion.PUSHED
