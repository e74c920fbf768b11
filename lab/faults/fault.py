"""A fault: what breaks, and what must be seen of it."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.annotations import Annotation
from dashboards.promql.schema import Source
from lab.choices import HTTP_SERVER, LocalServer
from lab.front import Front
from lab.pipeline import Pipeline
from stacks.servers import Transport


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault strikes: a running pipeline, and the server that is meant to suffer."""

    pipeline: Pipeline
    front: Front


Step = Callable[[Scene], None]


def nothing(scene: Scene) -> None:
    """No step is needed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a pipeline, the same each time.

    `strike` breaks something once; `load` is what clients then do, again and again; `heal` undoes
    the strike. `fires` are the alerts that must fire, each with what must run for it, as those of
    `may_fire`, which depend on the moment. All others must keep quiet. `shows` are panels, by board
    and title, that must tell of it: a number other than 0. `marks` are the annotations that must
    mark it, beside that of firing alerts, which marks all of `fires`.
    """

    name: str
    what: str
    fires: tuple[tuple[str, Source], ...]
    transport: Transport | None = Transport.STREAMABLE_HTTP
    """Of the server that suffers; None for a fault of the pipeline."""
    strike: Step = nothing
    load: Step = nothing
    heal: Step = nothing
    may_fire: tuple[tuple[str, Source], ...] = ()
    late: tuple[tuple[str, Source], ...] = ()
    """Of `fires`, each with what lets it come too late to be waited for where that runs."""
    shows: tuple[tuple[str, str], ...] = ()
    marks: tuple[Annotation, ...] = ()
    needs: Source = Source.PROXY
    """What must run for the fault to be possible."""
    alone: bool = False
    """Whether the server must have a process of its own, since that is what breaks."""
    environment: tuple[tuple[str, str], ...] = ()
    """What it changes in the environment of the server's proxy."""

    def __str__(self) -> str:
        return self.name

    def server(self, name: str) -> LocalServer | None:
        """The server that the fault needs, under a name; None for a fault of the pipeline."""
        if self.transport is None:
            return None
        shared = self.transport is not Transport.STDIO and not self.alone
        behind = HTTP_SERVER if shared else ""
        return LocalServer(name, self.transport, dict(self.environment), behind)

    def must(self, sources: frozenset[Source]) -> frozenset[str]:
        """The alerts that must fire where those sources run."""
        return _there(self.fires, sources) - _there(self.late, sources)

    def may(self, sources: frozenset[Source]) -> frozenset[str]:
        """The alerts that can fire beside them."""
        return _there((*self.may_fire, *self.late), sources)


def _there(alerts: tuple[tuple[str, Source], ...], sources: frozenset[Source]) -> frozenset[str]:
    return frozenset(name for name, source in alerts if source in sources)
