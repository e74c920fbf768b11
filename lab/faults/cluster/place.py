"""A stack on a cluster, as a place where faults are switched on."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab.arguments import UsageError
from lab.doctor.cluster.choice import ClusterChoice
from lab.doctor.cluster.find_stack import find_cluster
from lab.faults.catalogue import CLUSTER_FAULTS
from lab.faults.cluster.marks import Marks
from lab.faults.cluster.parts import Parts, parts_of
from lab.faults.cluster.proxies import Proxies
from lab.faults.cluster.state import FaultsConfigMap
from lab.faults.fault import SLOW, STOPPED, Fault, Target
from lab.local.running_demo import DemoServer
from proxy.faults.injections import Faults, Injection
from stacks.cluster_api import Access
from stacks.config import StackConfig
from stacks.servers import ServerRuntime

AWAY_SECONDS = 60.0
"""How long a part may take to end, or to be slowed."""

READY_SECONDS = 120.0
"""How long a part may take to run again."""


class ClusterPlace:
    """A stack that is deployed. Methods raise UsageError and Unreachable."""

    def __init__(self, name: str, access: Access, config: StackConfig) -> None:
        self._name = name
        self._config = config
        self._state = FaultsConfigMap(access, config.namespaces.servers)
        self._proxies = Proxies(access, config.namespaces.servers)
        self._parts = Parts(access, config)
        self._marks = Marks(access, config, self._deploy)

    def __repr__(self) -> str:
        return f"ClusterPlace({self._name})"

    @property
    def faults(self) -> Mapping[str, Fault]:
        return CLUSTER_FAULTS

    @property
    def servers(self) -> Sequence[DemoServer]:
        """Those behind ToolHive's proxy have no faults."""
        return [
            DemoServer(
                each.name,
                "",
                "",
                each.transport.value if each.runtime is ServerRuntime.PROXY else "",
            )
            for each in self._config.servers
        ]

    @property
    def _deploy(self) -> str:
        return f"pulumi up --refresh --stack {self._name}"

    def check(self, new: Injection) -> None:
        if not self._config.fault_injection:
            first = f"pulumi config set faultInjection true --stack {self._name}"
            raise UsageError(f"stack {self._name} takes no faults: {first}, then {self._deploy}")
        if new.server and not self._proxies.take_faults(new.server):
            raise UsageError(f"no pod of {new.server} takes faults: {self._deploy}")
        if new.fault.endswith(SLOW):
            self._parts.check_slow(self.faults[new.fault], new.level)

    def why_not(self, fault: Fault) -> str:
        if fault.part and fault.part not in parts_of(self._config):
            return f"{fault.name}: stack {self._name} does not install {fault.part}"
        if fault.name.endswith(SLOW) and (reason := self._parts.why_not_slow(fault.part)):
            return f"{fault.name}: {reason}; or try {fault.part}-{STOPPED}"
        return ""

    def read(self) -> Faults:
        return self._state.read()

    def change(self, changed: Callable[[Faults], Faults]) -> Faults:
        return self._state.change(changed)

    def begin(self, new: Injection) -> None:
        fault = self.faults[new.fault]
        if fault.target is not Target.PIPELINE:
            self._await_proxies(new.server)
            return
        self._parts.begin(fault, new.level)
        slow = fault.name.endswith(SLOW)
        awaited = self._parts.await_resized if slow else self._parts.await_away
        if not awaited(fault.part, AWAY_SECONDS):
            raise UsageError(f"{new.shown} is on, but not in effect within {AWAY_SECONDS:g} s")

    def end(self, name: str | None, ended: Sequence[Injection]) -> Sequence[str]:
        undone: set[str] = set()
        named = {each.fault for each in ended} | {name}
        of_parts = [each.name for each in self.faults.values() if each.part and each.name in named]
        for fault in [None] if name is None else of_parts:
            undone |= self._parts.end(fault)
        for server in sorted({each.server for each in ended if each.server}):
            self._await_proxies(server)
        for fault in sorted(undone):
            part, parts = self.faults[fault].part, self._parts
            resized = not fault.endswith(SLOW) or parts.await_resized(part, READY_SECONDS)
            if not resized or not parts.await_ready(part, READY_SECONDS):
                raise UsageError(f"{part} is restored, but not ready within {READY_SECONDS:g} s")
        return sorted(undone - {each.fault for each in ended})

    def mark(self, injections: Sequence[Injection], ended: float | None = None) -> str:
        """Those of the pipeline; proxies report those of their servers."""
        return self._marks.write([each for each in injections if not each.server], ended)

    def holds(self, new: Injection) -> bool:
        """Those of the pipeline; and every mystery, or it would show which kind it is."""
        return new.seed is not None or self.faults[new.fault].target is Target.PIPELINE

    def _await_proxies(self, server: str) -> None:
        active = self.read().active(time.time())
        self._proxies.await_taken(server, [each for each in active if each.server == server])


def cluster_place(name: str, environ: Mapping[str, str], root: Path | None = None) -> ClusterPlace:
    """The stack of that name. Raises UsageError if there is none, or no such cluster."""
    cluster, config = find_cluster(ClusterChoice(name), environ, root)
    return ClusterPlace(name, cluster.access, config)
