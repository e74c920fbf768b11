"""A fault: what breaks, and which alerts, panels and annotations must show it."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.annotations import Annotation
from dashboards.promql.schema import Source
from lab.local.pipeline import Pipeline
from lab.local.proxy_endpoints import ProxyEndpoint
from lab.local.run_options import HTTP_SERVER, LocalServer
from stacks.servers import Transport


@dataclass(frozen=True, slots=True)
class FaultContext:
    """A running pipeline, and the proxy of the server that a fault affects."""

    pipeline: Pipeline
    endpoint: ProxyEndpoint


Step = Callable[[FaultContext], None]


def no_step(context: FaultContext) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Fault:
    """A reproducible way to break a pipeline.

    `inject` breaks something once; `load` is what clients then do repeatedly; `recover` undoes
    `inject`. `fires` are the alerts that must fire, each with the source that must be running for
    it; `may_fire` are alerts that depend on timing; no other alert may fire. `panels` are board
    UIDs and panel titles that must show a number other than 0. `annotations` must appear in
    addition to the one for firing alerts.
    """

    name: str
    what: str
    fires: tuple[tuple[str, Source], ...]
    transport: Transport | None = Transport.STREAMABLE_HTTP
    """Of the affected server; None for a fault of the pipeline."""
    inject: Step = no_step
    load: Step = no_step
    recover: Step = no_step
    may_fire: tuple[tuple[str, Source], ...] = ()
    late: tuple[tuple[str, Source], ...] = ()
    """Alerts of `fires` that fire too late for a test where the source is running."""
    panels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[Annotation, ...] = ()
    needs: Source = Source.PROXY
    """The source that must be running for the fault to be possible."""
    own_process: bool = False
    """Whether the server needs its own process, because the process is what breaks."""
    environment: tuple[tuple[str, str], ...] = ()
    """Changes to the environment of the server's proxy."""

    def __str__(self) -> str:
        return self.name

    def server(self, name: str) -> LocalServer | None:
        """The server to affect; None for a fault of the pipeline."""
        if self.transport is None:
            return None
        shared = self.transport is not Transport.STDIO and not self.own_process
        behind = HTTP_SERVER if shared else ""
        return LocalServer(name, self.transport, dict(self.environment), behind)

    def expected_alerts(self, sources: frozenset[Source]) -> frozenset[str]:
        """The alerts that must fire where the sources are running."""
        return _running(self.fires, sources) - _running(self.late, sources)

    def possible_alerts(self, sources: frozenset[Source]) -> frozenset[str]:
        """The alerts that may fire in addition."""
        return _running((*self.may_fire, *self.late), sources)


def _running(alerts: tuple[tuple[str, Source], ...], sources: frozenset[Source]) -> frozenset[str]:
    return frozenset(name for name, source in alerts if source in sources)
