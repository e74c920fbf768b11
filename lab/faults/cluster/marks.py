"""Marks faults of a stack's pipeline on its boards: nothing else there reports them.

The marks are samples of the series that proxies report for their servers, which Prometheus takes by
OTLP: one at the start of a fault, and those of all its time when it has ended, since a board has no
other samples of an outage of Prometheus, or of the path to it.
"""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import requests

from dashboards.cli_text import cause, one_line
from lab.doctor.cluster.facts import endpoint_at
from lab.doctor.cluster.objects import Objects, name_of
from lab.doctor.cluster.port_forward import PortForwards
from lab.faults.export import CONTENT_TYPE, SAMPLE_SECONDS, Sample, labels, request
from lab.prometheus_api import OTLP_METRICS_PATH, TIMEOUT_SECONDS
from proxy.faults.injections import Injection
from stacks.cluster_api import Access, Unreachable
from stacks.component_choices import Mode
from stacks.config import StackConfig

TAKEN_SECONDS = 55 * 60.0
"""Before its newest sample: Prometheus takes none that are an hour older."""

_INSTANCE = "cluster"
_TEXT_LIMIT = 100


def samples(injections: Iterable[Injection], ended: float | None) -> Iterator[Sample]:
    """Of faults that begin, or that have ended at a time: those of the last TAKEN_SECONDS."""
    for each in injections:
        if ended is None:
            yield Sample(labels(each), each.started, 1)
        elif each.started < ended:
            first = max(each.first_started, ended - TAKEN_SECONDS)
            for number in range(max(1, int((ended - first) / SAMPLE_SECONDS))):
                yield Sample(labels(each), first + number * SAMPLE_SECONDS, 1)
            yield Sample(labels(each), ended, 0)


class Marks:
    """The marks of one stack."""

    def __init__(self, access: Access, config: StackConfig, deploy: str) -> None:
        """`deploy` is the command that deploys the stack as it is configured."""
        self._access = access
        self._url = config.prometheus_url
        own = config.components.prometheus.mode is Mode.INSTALL
        self._remedy = deploy if own else "start it with --web.enable-otlp-receiver"

    def write(self, injections: Sequence[Injection], ended: float | None) -> str:
        """Mark faults; returns why that is not possible, and "" if it is done."""
        found = tuple(samples(injections, ended))
        if not found:
            return ""
        try:
            return self._sent(request(found, _INSTANCE))
        except Unreachable as error:
            return str(error)

    def _sent(self, body: bytes) -> str:
        """Send to every Prometheus behind the Service; why one did not take it, or ""."""
        endpoint = endpoint_at(self._url)
        if endpoint is None:
            return f"{self._url} is not in the cluster"
        objects = Objects(self._access)
        pods = objects.ready(endpoint)
        reasons = [] if pods else [f"no pod of {endpoint.namespace}/{endpoint.service} is ready"]
        path = f"{urlsplit(self._url).path.rstrip('/')}{OTLP_METRICS_PATH}"
        with PortForwards(self._access) as forwards:
            for each in pods:
                port = objects.target_port(endpoint, each)
                address = forwards.open(endpoint.namespace, name_of(each), port)
                reason = self._refusal(f"{endpoint.scheme}://{address}{path}", body)
                reasons.append(reason and (forwards.error(address) or reason))
        return next(filter(None, reasons), "")

    def _refusal(self, url: str, body: bytes) -> str:
        with requests.Session() as http:
            http.trust_env = False
            try:
                answer = http.post(url, body, headers=CONTENT_TYPE, timeout=TIMEOUT_SECONDS)
            except requests.RequestException as error:
                return f"Prometheus: {cause(error)}"
        if answer.status_code == requests.codes.not_found:
            return f"Prometheus takes no OTLP: {self._remedy}"
        text = one_line(answer.text)[:_TEXT_LIMIT]
        return "" if answer.ok else f"Prometheus: HTTP {answer.status_code}: {text}"
