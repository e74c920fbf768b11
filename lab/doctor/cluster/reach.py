"""Opens the ports of a stack's parts on this machine, through the Kubernetes API."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from lab.doctor.cluster.facts import Facts, endpoint_at, is_running
from lab.doctor.cluster.objects import Json, environment_of, name_of
from lab.doctor.cluster.port_forward import PortForwards
from lab.doctor.options import Hops
from lab.http_page import read_page
from stacks.architectures import Monitor
from stacks.cluster_api import Unreachable
from stacks.component_choices import Mode
from stacks.endpoints import COLLECTOR_SERIES_PORT, PROXY_METRICS_PORT, Endpoint
from stacks.servers import DEFAULT_PATH, Transport

PROXY_CONTAINER = "proxy"
_WAIT_SECONDS = 15.0
"""How long a hop may take; spans are exported every 5 s, and again where that fails."""
_FORBIDDEN = ("HTTP 401", "HTTP 403")


class Reach:
    """The local addresses of parts, and what they are called in the cluster."""

    def __init__(self, facts: Facts, forwards: PortForwards) -> None:
        self._facts = facts
        self._forwards = forwards
        self._names: dict[str, str] = {}

    def hops(self, pod: Json, token: str, wait: float | None) -> Hops:
        """The hops of a call to one pod of the server's proxy. Raises Unreachable."""
        facts = self._facts
        config = facts.stack.config
        proxy, jaeger = facts.proxy, facts.jaeger_url
        metrics = Endpoint(proxy.service, proxy.namespace, PROXY_METRICS_PORT)
        collected = self._collected()
        push, scrape = config.push_interval_seconds, config.scrape_interval_seconds
        return Hops(
            facts.stack.server.name,
            f"http://{self._open(proxy, pod, facts.objects.target_port(proxy, pod))}{_path(pod)}",
            f"http://{self._open(metrics, pod, PROXY_METRICS_PORT)}/metrics",
            self._reached(facts.stack.config.prometheus_url),
            self._reached(jaeger) if jaeger else None,
            facts.collector.url if facts.collector else None,
            collected,
            token,
            _WAIT_SECONDS if wait is None else wait,
            self._reader(collected),
            self._scraped(pod),
            push if facts.pushed else 0,
            0 if facts.pushed and not facts.series else scrape,
            patient=wait is None,
        )

    def named(self, text: str) -> str:
        """A text with the names that local addresses have in the cluster."""
        for local, name in self._names.items():
            text = text.replace(local, name)
        return text

    def error(self) -> str:
        """Why a port-forward failed, if one did."""
        found = ((name, self._forwards.error(local)) for local, name in self._names.items())
        return next((f"{name}: {error}" for name, error in found if error), "")

    @property
    def is_forbidden(self) -> bool:
        """Whether the user may not forward ports."""
        return self.error().endswith(_FORBIDDEN)

    def _open(self, endpoint: Endpoint, pod: Json, port: int) -> str:
        local = self._forwards.open(endpoint.namespace, name_of(pod), port)
        self._names[local] = endpoint.address
        return local

    def _reached(self, url: str) -> str:
        """A URL of a Service as a local one; others as they are, as are those without a pod."""
        endpoint = endpoint_at(url)
        pods = self._facts.ready(endpoint)
        if endpoint is None or not pods:
            return url
        port = self._facts.objects.target_port(endpoint, pods[0])
        local = self._open(endpoint, pods[0], port)
        return f"{endpoint.scheme}://{local}{urlsplit(url).path.rstrip('/')}"

    def _collected(self) -> str | None:
        """The URL of the series that the collector exposes, if the API server reads them.

        It listens at the pod's address only, to which no port-forward leads.
        """
        series = self._facts.series
        if series is None or not _series(self._facts, series):
            return None
        return f"{series.url}/metrics"

    def _scraped(self, pod: Json) -> tuple[str, ...] | None:
        """The addresses of which the stack's own Prometheus scrapes one for this pod's series."""
        facts, config = self._facts, self._facts.stack.config
        if facts.pushed and Monitor.COLLECTOR_SERIES not in config.architecture.monitors:
            return ()
        if config.components.prometheus.mode is not Mode.INSTALL:
            return None
        if not facts.pushed:
            return _addresses((pod,), PROXY_METRICS_PORT)
        series = facts.series
        return _addresses(facts.ready(series), COLLECTOR_SERIES_PORT) if series else None

    def _reader(self, collected: str | None) -> Callable[[str], str]:
        stack, series, collector = self._facts.stack, self._facts.series, self._facts.collector

        def read(url: str) -> str:
            if series and url == collected:
                return _series(Facts(stack), series)
            if collector and url == collector.url:
                return "ready" if Facts(stack).ready(collector) else ""
            return read_page(url)

        return read


def _series(facts: Facts, series: Endpoint) -> str:
    """The pages of all collectors, as far as the API server reads them."""
    pages = []
    for pod in facts.ready(series):
        path = f"/api/v1/namespaces/{series.namespace}/pods/{name_of(pod)}:{series.port}"
        try:
            pages.append(facts.stack.access.text(f"{path}/proxy/metrics"))
        except Unreachable:
            continue
    return "\n".join(pages)


def _addresses(pods: Iterable[Json], port: int) -> tuple[str, ...]:
    """host:port of pods that have an address, as in URLs."""
    found = (each.get("status", {}).get("podIP", "") for each in pods)
    return tuple(f"[{each}]:{port}" if ":" in each else f"{each}:{port}" for each in found if each)


def _path(pod: Json) -> str:
    """Where the proxy takes MCP: the path of its server's URL, or /mcp."""
    variables = environment_of(pod, PROXY_CONTAINER)
    if variables.get("MCP_PROXY_UPSTREAM_TRANSPORT") != Transport.STREAMABLE_HTTP:
        return DEFAULT_PATH
    return urlsplit(variables.get("MCP_PROXY_UPSTREAM", "")).path or DEFAULT_PATH


def running_proxy(facts: Facts) -> Json | None:
    """A pod of the server's proxy whose proxy runs; a ready one, if there is one."""
    running = [each for each in facts.proxies() if is_running(each, PROXY_CONTAINER)]
    ready = facts.objects.ready_pods(facts.proxy)
    return next((each for each in running if name_of(each) in ready), next(iter(running), None))
