"""Replay the clients or the server of a recording: the command."""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import uvloop

from lab.arguments import UsageError
from lab.echo import serve
from lab.echo.request import Answers
from lab.echo.streamable_http import Server
from lab.load.find_target import require_reachable
from lab.load.load_test import OPEN_SECONDS, TargetError
from lab.load.protocol import VERSIONS, CallFailed
from lab.load.run import Interrupts, allow_files
from lab.load.session import Session
from lab.load.target import StdioTarget
from lab.recording.calls import calls
from lab.replay import comparison
from lab.replay.fitting_arguments import FittingArguments
from lab.replay.options import ReplayOptions, StandInOptions, parse
from lab.replay.recorded_session import RecordedSession, sessions
from lab.replay.session_replay import Pace, Replayed, SessionReplay
from lab.replay.stand_in import StandIn
from lab.stderr import say
from proxy.telemetry.catalogue import Outcome
from proxy.translation.versions import MODERN_VERSION, Era
from stacks.servers import Transport

MOST_SESSIONS = 100
"""That are open at a time; each is a process of a stdio server."""


def _pace(speed: float, began: float) -> Pace:
    """Waits until a time of the recording; `began` is that of its first message."""
    start = perf_counter()

    async def pace(time: float) -> None:
        if speed:
            await asyncio.sleep((time - began) / speed - (perf_counter() - start))

    return pace


async def replay(options: ReplayOptions, on_replayed: Callable[[Replayed], None]) -> None:
    """Replay all sessions. Raises TargetError if the target is not an MCP server."""
    found = sessions(options.recording)
    if not found:
        return
    era = found[0].entries[0][1].era
    fitting = FittingArguments(await _tools(options, era))
    open_sessions = asyncio.Semaphore(MOST_SESSIONS)
    pace = _pace(options.speed, found[0].start)

    async def run(recorded: RecordedSession) -> None:
        await pace(recorded.start)
        async with open_sessions:
            session = SessionReplay(
                recorded,
                options.target.connect(),
                fitting.params_of if options.recording.header.redacted else lambda c: c.params,
                on_replayed,
                timeout=options.timeout,
            )
            await session.run(pace)

    async with asyncio.TaskGroup() as tasks:
        for each in found:
            tasks.create_task(run(each))


async def _tools(options: ReplayOptions, era: Era) -> dict[str, Any]:
    """The definitions of the target's tools, which also shows that it is an MCP server."""
    version = MODERN_VERSION if era is Era.MODERN else VERSIONS[0]
    session = Session(options.target.connect, version)
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            return dict(await session.tools())
    except TimeoutError:
        raise TargetError(f"{options.target}: no answer within {OPEN_SECONDS:g} s") from None
    except CallFailed as failed:
        if failed.outcome is Outcome.PROTOCOL_ERROR:
            return {}  # A server without tools.
        raise TargetError(f"{options.target}: {failed}") from failed
    finally:
        await session.close()


async def _replay(options: ReplayOptions, interrupts: Interrupts) -> list[Replayed]:
    """The calls so far, if interrupted."""
    interrupts.install()
    replayed: list[Replayed] = []
    try:
        await replay(options, replayed.append)
    except asyncio.CancelledError:
        if not interrupts.number:
            raise
    return replayed


def _serve(options: StandInOptions) -> None:
    """Raises OSError if the address cannot be listened at."""
    stand_in = StandIn(options.recording, speed=options.speed)
    match options.transport:
        case Transport.STDIO:
            serve.serve_stdio(stand_in)
        case Transport.SSE:
            serve.serve_sse(options.listen, stand_in)
        case Transport.STREAMABLE_HTTP:
            stateless = any(each.era is Era.MODERN for each in options.recording.entries)
            server = Server(Answers.SSE, stand_in, stateless=stateless)
            serve.serve_streamable_http(options.listen, server)


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0, 1 if compared outcomes differ, 2 for a usage error."""
    interrupts = Interrupts()
    try:
        options = parse(arguments)
        if isinstance(options, StandInOptions):
            return _serve_or_explain(options)
        expected = len(calls(options.recording.entries))
        if not expected:
            raise UsageError("the recording has no calls")
        if not isinstance(options.target, StdioTarget):
            require_reachable(options.target.url)
        allow_files()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            replayed = runner.run(_replay(options, interrupts))
    except (UsageError, TargetError) as mistake:
        say(f"replay: {mistake}")
        return 2
    print(comparison.text(replayed, expected), end="", flush=True)
    if interrupts.number:
        return 128 + interrupts.number
    return 1 if options.compare and any(each.differs for each in replayed) else 0


def _serve_or_explain(options: StandInOptions) -> int:
    try:
        _serve(options)
    except OSError as wrong:
        say(f"replay: --listen {serve.listen_error(options.listen, wrong)}")
        return 2
    return 0
