"""List the exercises, check one, send a call, ask Prometheus: the command."""

from collections.abc import Iterator, Sequence

from lab.arguments import UsageError
from lab.jaeger_api import Jaeger
from lab.load.client import LoadFailed
from lab.local.running_demo import running_demo
from lab.preview.queries import legend
from lab.prometheus_api import Prometheus, QueryRefused, Unreachable
from lab.stderr import say
from lab.text_table import aligned
from lab.workshop.call import NoTrace, send, shown, stored_trace
from lab.workshop.checks import EXERCISES, Missing, Solution
from lab.workshop.options import (
    CheckExercise,
    ListExercises,
    QueryPrometheus,
    Request,
    SendCall,
    parse,
)
from lab.workshop.page import PAGE, sections


def answer(request: Request) -> Iterator[str]:
    """The lines that answer a request; raises what `main` reports."""
    match request:
        case ListExercises():
            yield from _list()
        case CheckExercise(demo, number, given):
            EXERCISES[number].check(Solution(demo, given))
            yield f"exercise {number}: done"
        case SendCall():
            yield from _call(request)
        case QueryPrometheus(demo, expr):
            yield from _query(Prometheus(demo.prometheus), expr)


def _list() -> Iterator[str]:
    parts = sections(PAGE.read_text(encoding="utf-8"))
    yield f"docs/{PAGE.name}, {sum(each.minutes for each in parts)} minutes:"
    yield from aligned(
        [(f"{each.number or ''}", each.title, f"{each.minutes} min") for each in parts]
    )
    demo = running_demo()
    yield f"a demo runs: {demo.architecture}" if demo else "no demo is running here: make demo"
    yield "python -m lab.workshop check N says what is missing of exercise N"


def _call(request: SendCall) -> Iterator[str]:
    found = send(
        request.server.mcp,
        request.tool,
        request.arguments,
        times=request.times,
        every=request.every,
        client=request.client,
    )
    yield f"{request.server.name}: {found.outcome}: {found.text}"
    if request.demo.jaeger:
        yield f"trace {found.trace_id}"
        yield from shown(stored_trace(Jaeger(request.demo.jaeger), found.trace_id))


def _query(prometheus: Prometheus, expr: str) -> Iterator[str]:
    found = prometheus.query(expr)
    yield from aligned(sorted((legend("", each.labels), f"{each.value:g}") for each in found))
    if not found:
        yield "no series"


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 done, 1 something is missing or failed, 2 usage error."""
    try:
        for line in answer(parse(arguments)):
            print(line, flush=True)
    except UsageError as mistake:
        return _failed(f"workshop: {mistake}", 2)
    except Missing as missing:
        return _failed(f"not yet: {missing}", 1)
    except (QueryRefused, Unreachable, LoadFailed, NoTrace) as failed:
        return _failed(f"workshop: {failed}", 1)
    return 0


def _failed(line: str, code: int) -> int:
    say(line)
    return code
