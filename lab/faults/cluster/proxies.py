"""The proxies of a stack's servers: whether they take faults, and that they have taken them."""

import time
from collections.abc import Iterable

from lab.arguments import UsageError
from lab.doctor.cluster.facts import is_running
from lab.doctor.cluster.find_stack import APP_LABEL
from lab.doctor.cluster.objects import Json, Objects, environment_of, labels_of, name_of
from lab.doctor.cluster.port_forward import PortForwards
from lab.doctor.cluster.reach import PROXY_CONTAINER
from lab.faults.reported import reported_on
from lab.http_page import read_page
from proxy.faults.injections import Injection, Reported
from stacks.cluster_api import Access
from stacks.endpoints import PROXY_METRICS_PORT
from stacks.monitors import PROXY_APP, SERVER_LABEL
from stacks.proxies import FAULTS_VARIABLE

TAKEN_SECONDS = 30.0
"""How long a proxy may take to show what is on; it takes about one second."""

_LOOK_SECONDS = 0.1
_TOUCH_SECONDS = 2.0
"""A kubelet that had not yet seen the new content is told again after this time."""

_TOUCHED = "mcp-observability/faults"


class Proxies:
    """The proxies of a namespace. Methods raise Unreachable."""

    def __init__(self, access: Access, namespace: str) -> None:
        self._access = access
        self._namespace = namespace

    def take_faults(self, server: str) -> bool:
        """Whether those of a server do; not if it has none."""
        pods = self._of(server)
        return any(FAULTS_VARIABLE in environment_of(each, PROXY_CONTAINER) for each in pods)

    def await_taken(self, server: str, on: Iterable[Injection]) -> None:
        """Let the proxies of a server take the faults at once, and wait until they show them.

        Raises UsageError if one has not taken them in time.
        """
        wanted = {each.reported for each in on}
        names = [name_of(each) for each in self._of(server) if is_running(each, PROXY_CONTAINER)]
        deadline = time.monotonic() + TAKEN_SECONDS
        with PortForwards(self._access) as forwards:
            for name in names:
                address = forwards.open(self._namespace, name, PROXY_METRICS_PORT)
                if not self._taken(name, address, wanted, deadline):
                    reason = forwards.error(address) or "its metrics do not show it"
                    raise UsageError(
                        f"pod {self._namespace}/{name} has not taken it within"
                        f" {TAKEN_SECONDS:g} s: {reason}"
                    )

    def _taken(self, pod: str, address: str, wanted: set[Reported], deadline: float) -> bool:
        touched = 0.0
        while time.monotonic() < deadline:
            if time.monotonic() - touched > _TOUCH_SECONDS:
                self._touch(pod)
                touched = time.monotonic()
            if reported_on(read_page(f"http://{address}/metrics")) == wanted:
                return True
            time.sleep(_LOOK_SECONDS)
        return False

    def _touch(self, pod: str) -> None:
        """Change a pod, so that its kubelet brings its volumes up to date now."""
        path = f"/api/v1/namespaces/{self._namespace}/pods/{pod}"
        self._access.patch(path, {"metadata": {"annotations": {_TOUCHED: str(time.time_ns())}}})

    def _of(self, server: str) -> list[Json]:
        wanted = {APP_LABEL: PROXY_APP, SERVER_LABEL: server}
        pods = Objects(self._access).pods(self._namespace)
        return [each for each in pods if wanted.items() <= labels_of(each).items()]
