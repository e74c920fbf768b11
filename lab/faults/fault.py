"""A fault: what it is, how it begins, and which alerts, panels and annotations must show it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dashboards.annotations import Annotation
from dashboards.promql.schema import Source
from lab.arguments import UsageError
from lab.local.pipeline import Pipeline
from lab.local.proxy_endpoints import ProxyEndpoint
from lab.local.running_demo import DemoServer
from proxy.faults.levels import LevelInvalid, LevelKind
from stacks.servers import Transport

LEVEL = "--level (make: LEVEL=)"

STOPPED, SLOW, REFUSING = "stopped", "slow", "refusing"
COLLECTOR, PROMETHEUS, JAEGER = "collector", "prometheus", "jaeger"
PARTS = (COLLECTOR, PROMETHEUS, JAEGER)
"""The processes of the pipeline, each of which has three faults: `<part>-stopped` and so on."""


class Target(StrEnum):
    """What a fault is of."""

    SERVER = "server"
    HTTP_SERVER = "HTTP server"
    PIPELINE = "pipeline"
    PROXY = "proxy"
    CLIENTS = "clients"


@dataclass(frozen=True, slots=True)
class FaultContext:
    """A running pipeline, and what of it a fault affects: a server, or a part; else ""."""

    pipeline: Pipeline
    server: str = ""
    part: str = ""

    @property
    def endpoint(self) -> ProxyEndpoint:
        """The proxy of the server."""
        return self.pipeline.endpoint(self.server)


class ProcessFault:
    """A fault of processes that is on; its methods raise ProcessFailed."""

    def step(self) -> None:
        """Do what is due, a few times a second."""

    def end(self) -> None:
        """Undo all of it; everything is ready again afterwards."""


Step = Callable[[FaultContext], None]
Begin = Callable[[FaultContext, str], ProcessFault]
"""Begins a fault of a level."""


def no_step(context: FaultContext) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and how strong it can be; `level` is None and `default` "" where that is fixed.

    `part` is the process of the pipeline that it is of. `begin` is None for what a server answers,
    which it does itself, and for what only clients do.

    All else is of a demo that starts with it. `load` is what clients do repeatedly, by default
    calls, if there is a server; `start_level` is a level in place of the default. `fires` are the
    alerts that must fire, each with the source that must be running for it; `may_fire` are alerts
    that depend on timing; no other alert may fire. `panels` are board UIDs and panel titles that
    must show a number other than 0. `annotations` must appear in addition to the one for firing
    alerts.
    """

    name: str
    what: str
    level: LevelKind | None = None
    default: str = ""
    target: Target = Target.SERVER
    part: str = ""
    begin: Begin | None = None
    load: Step | None = None
    fires: tuple[tuple[str, Source], ...] = ()
    start_level: str = ""
    may_fire: tuple[tuple[str, Source], ...] = ()
    late: tuple[tuple[str, Source], ...] = ()
    """Alerts of `fires` that fire too late for a test where the source is running."""
    panels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[Annotation, ...] = ()
    needs: Source = Source.PROXY
    """The source that must be running for the fault to be possible."""
    transport: Transport = Transport.STREAMABLE_HTTP
    """Of the affected server."""
    environment: tuple[tuple[str, str], ...] = ()
    """Changes to the environment of the server's proxy."""

    @property
    def has_drill(self) -> bool:
        """Whether it is known which alerts show it."""
        return bool(self.fires or self.may_fire)

    def expected_alerts(self, sources: frozenset[Source]) -> frozenset[str]:
        """The alerts that must fire where the sources are running."""
        return _running(self.fires, sources) - _running(self.late, sources)

    def possible_alerts(self, sources: frozenset[Source]) -> frozenset[str]:
        """The alerts that may fire in addition."""
        return _running((*self.may_fire, *self.late), sources)

    def checked(self, level: str | None) -> str:
        """The level, or the default. Raises UsageError."""
        if level is None or level == self.default:
            return self.default
        if self.level is None:
            raise UsageError(f"{LEVEL} {level}: {self.name} has no level; leave it out")
        try:
            self.level.parse(level)
        except LevelInvalid as wrong:
            allowed = f"a {self.level.name}, such as {self.level.example}"
            raise UsageError(f"{LEVEL} {level}: {self.name} takes {allowed}") from wrong
        return level

    def affects(self, server: DemoServer) -> bool:
        """Whether a server can have the fault."""
        if self.target is Target.PIPELINE or not server.transport:
            return False
        return self.target is Target.SERVER or server.transport != Transport.STDIO.value

    @property
    def line(self) -> str:
        """One line of a list."""
        level = "no level"
        if self.level:
            level = f"level: {self.level.name} ({self.level.example}), by default {self.default}"
        return f"{self.name:<22}{self.what}; {level}"

    def __str__(self) -> str:
        return self.name


def _running(alerts: tuple[tuple[str, Source], ...], sources: frozenset[Source]) -> frozenset[str]:
    return frozenset(name for name, source in alerts if source in sources)
