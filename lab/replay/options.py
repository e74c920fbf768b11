"""The command line of a replay."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.arguments import Parser, UsageError, only_target, seconds, split_command
from lab.echo.serve import listen_address
from lab.load.find_target import command_target, demo_server, sse_url, url_target
from lab.load.options import LONGEST_TIMEOUT, header
from lab.load.target import Target
from lab.local.running_demo import running_demo
from lab.recording.recording_file import NotARecording, Recording, read
from proxy.translation.versions import Era
from stacks.servers import Transport

MAX = "max"

_PURPOSE = """Replay a recording of lab.record: its clients against a server, or with --as-server
its server for clients."""
_USAGE = "python -m lab.replay FILE [OPTIONS] [--url URL | --server NAME | -- COMMAND ...]"
_CLIENT_ONLY = ("url", "server", "compare", "header")
_SERVER_ONLY = ("transport", "listen")


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """A replay of the clients. `speed` is a factor; 0 means without pauses."""

    recording: Recording
    target: Target
    speed: float
    timeout: float
    compare: bool


@dataclass(frozen=True, slots=True)
class StandInOptions:
    """A replay of the server. `speed` is a factor; 0 means answers at once."""

    recording: Recording
    transport: Transport
    listen: tuple[str, int]
    speed: float


def parse(arguments: Sequence[str]) -> ReplayOptions | StandInOptions:
    """What follows `--` is the command of a stdio server. Raises UsageError."""
    options, command = split_command(arguments)
    given = _parser().parse_args(options)
    if given.file is None:
        raise UsageError("FILE is missing: give a recording of lab.record")
    try:
        recording = read(given.file)
    except NotARecording as wrong:
        raise UsageError(str(wrong)) from wrong
    speed = _speed(given.speed)
    useless = _CLIENT_ONLY if given.as_server else _SERVER_ONLY
    for name in useless:
        if getattr(given, name):
            how = "with" if given.as_server else "without"
            raise UsageError(f"--{name} is of no use {how} --as-server")
    if given.as_server:
        if command is not None:
            raise UsageError("-- COMMAND is of no use with --as-server")
        transport = Transport(given.transport or Transport.STREAMABLE_HTTP)
        return StandInOptions(recording, transport, given.listen or ("127.0.0.1", 0), speed)
    only_target(given.url, given.server, command)
    target = _at_url(given, recording) if command is None else command_target(command)
    eras = {each.era for each in recording.entries}
    if target.transport is Transport.SSE and Era.MODERN in eras:
        raise UsageError(f"{given.file}: has stateless clients: HTTP+SSE is older than they are")
    return ReplayOptions(recording, target, speed, given.timeout, given.compare)


def _at_url(given: argparse.Namespace, recording: Recording) -> Target:
    url = given.url
    if url is None:
        url = demo_server(given.server, running_demo()).mcp
        if {each.transport for each in recording.entries} == {Transport.SSE}:
            url = sse_url(url)
    return url_target(url, dict(given.header))


def _parser() -> Parser:
    parser = Parser(prog="python -m lab.replay", description=_PURPOSE)
    parser.usage = _USAGE
    add = parser.add_argument
    add("file", nargs="?", type=Path, metavar="FILE", help="the recording")
    add("--url", metavar="URL", help="the server; its transport is HTTP+SSE if it ends in /sse")
    add("--server", metavar="NAME", help="a server of the running demo; default: its first")
    speed = "1 (default): as recorded; 2: twice as fast; max: without pauses"
    add("--speed", default="1", metavar="N", help=speed)
    add("--compare", action="store_true", help="exit code 1 if outcomes differ from the recording")
    timeout = "the longest that a call may take; default: 10"
    add("--timeout", type=seconds(LONGEST_TIMEOUT), default=10.0, metavar="SECONDS", help=timeout)
    several = "sent with every request; may be repeated"
    add("--header", action="append", default=[], type=header, metavar="NAME:VALUE", help=several)
    add("--as-server", action="store_true", help="play the server")
    transports = [each.value for each in Transport]
    add("--transport", choices=transports, help="of --as-server; default: streamable-http")
    free = "of --as-server; default: a free port"
    add("--listen", type=listen_address, metavar="HOST:PORT", help=free)
    return parser


def _speed(text: str) -> float:
    try:
        speed = 0.0 if text == MAX else float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < float("inf") or (not speed and text != MAX):
        raise UsageError(f"--speed (make: SPEED=): {text!r} is not a factor above 0, or {MAX}")
    return speed
