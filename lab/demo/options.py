"""The command line of the demo, checked before anything starts."""

import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from lab.arguments import Parser, UsageError, whole_number
from lab.faults.catalogue import FAULTS
from lab.faults.fault_test import possible
from lab.faults.live import known_fault
from lab.local.ports import require_free
from lab.local.run_options import ECHO_COMMAND, HEALTHY
from lab.local.user_servers import NO_SERVERS, UserServers, user_servers
from proxy.suggestions import did_you_mean
from stacks.architectures import ARCHITECTURES, Architecture

ALL = "all"
SERVERS, ECHO = "--servers (make: SERVERS=)", "--echo (make: ECHO=)"
ONCE = "--once (make: ONCE=1)"
ALERTS, FAST = "--alerts (make: ALERTS=)", "fast"

_PORT = whole_number(1, 65535)
_PURPOSE = "Run the whole pipeline as local processes and check its numbers."


@dataclass(frozen=True, slots=True)
class Options:
    """Valid options."""

    architectures: tuple[Architecture, ...]
    once: bool
    prometheus_port: int | None
    jaeger_port: int | None
    stdio_command: tuple[str, ...]
    faults: tuple[str, ...] = ()
    """Names of faults to inject, instead of checking the numbers."""
    user: UserServers = NO_SERVERS
    echo: bool = True
    """Whether the echo servers run, by whose calls the numbers are checked."""
    logs: bool = False
    """Whether the proxies' logs are stored, too."""
    plain: bool = False
    """Whether only lines are printed, on a terminal, too."""
    fast_alerts: bool = False
    """Whether alerts fire within seconds, as they do with `faults`."""


def parse(arguments: Sequence[str]) -> Options:
    """Raises UsageError or PortBusy."""
    parser = Parser(prog="python -m lab.demo", description=_PURPOSE, epilog=_fault_list())
    known = f"{', '.join(ARCHITECTURES)} or {ALL}"
    parser.add_argument("architecture", nargs="?", default=next(iter(ARCHITECTURES)), help=known)
    parser.add_argument(
        "--once", action="store_true", help="exit after the table; 0 if all numbers agree"
    )
    parser.add_argument("--prometheus-port", type=_PORT, metavar="N", help="default: a free one")
    parser.add_argument("--jaeger-port", type=_PORT, metavar="N", help="default: a free one")
    parser.add_argument(
        "--stdio-command",
        default=shlex.join(ECHO_COMMAND),
        metavar="COMMAND",
        help="a stdio MCP server with the tools echo and fail, to run instead of our own",
    )
    parser.add_argument(
        "--fault",
        metavar="NAME",
        help="inject a fault and watch alerts and boards (see below)",
    )
    parser.add_argument(
        "--servers",
        metavar="PATH",
        help="run a proxy before each server of a client's configuration (mcp.json)",
    )
    parser.add_argument(
        "--echo",
        default="on",
        metavar="on|off",
        help="off, with --servers: without the echo servers, and the check of their numbers",
    )
    parser.add_argument(
        "--logs", action="store_true", help="store the proxies' call logs, too, in VictoriaLogs"
    )
    parser.add_argument(
        "--plain", action="store_true", help="no live view, as where the output is not a terminal"
    )
    parser.add_argument(
        "--alerts",
        default="deployed",
        metavar="deployed|fast",
        help="fast: with a `for` of seconds, and five lower thresholds",
    )
    given = parser.parse_args(arguments)
    for option, port in (
        ("--prometheus-port", given.prometheus_port),
        ("--jaeger-port", given.jaeger_port),
    ):
        if port is not None:
            require_free(option, port)
    architectures = _architectures(given.architecture, known)
    faults = _faults(given.fault, architectures, once=given.once)
    if faults and given.stdio_command != shlex.join(ECHO_COMMAND):
        raise UsageError("faults break our own servers; leave --stdio-command out")
    user = _user_servers(given.servers, architectures, faults)
    echo = _echo(given.echo, user=user is not NO_SERVERS, once=given.once)
    return Options(
        architectures,
        given.once or ALL in (given.architecture, given.fault),
        given.prometheus_port,
        given.jaeger_port,
        _command(given.stdio_command),
        faults,
        user,
        echo,
        given.logs,
        given.plain,
        _fast_alerts(given.alerts),
    )


def _fast_alerts(text: str) -> bool:
    if text not in ("deployed", FAST):
        raise UsageError(f"{ALERTS} {text!r}: use deployed or {FAST}")
    return text == FAST


def _echo(text: str, *, user: bool, once: bool) -> bool:
    if text not in ("on", "off"):
        raise UsageError(f"{ECHO} {text!r}: use on or off")
    if text == "off" and not user:
        raise UsageError(f"{ECHO} off: no server is left; give your own with {SERVERS}")
    if text == "off" and once:
        raise UsageError(f"{ECHO} off: leave {ONCE} out, which checks the echo servers' calls")
    return text == "on"


def _user_servers(
    path: str | None, architectures: tuple[Architecture, ...], faults: tuple[str, ...]
) -> UserServers:
    if path is None:
        return NO_SERVERS
    if faults or len(architectures) > 1:
        raise UsageError(f"{SERVERS} {path}: choose one architecture, and no fault")
    return user_servers(SERVERS, path, os.environ, [each.name for each in HEALTHY])


def _architectures(name: str, known: str) -> tuple[Architecture, ...]:
    if name == ALL:
        return tuple(ARCHITECTURES.values())
    if name not in ARCHITECTURES:
        raise UsageError(
            f'"{name}" is not an architecture; {did_you_mean(name, ARCHITECTURES)}choose {known}'
        )
    return (ARCHITECTURES[name],)


def _fault_list() -> str:
    width = max(map(len, FAULTS))
    rows = "\n".join(f"  {each.name:<{width}}  {each.what}" for each in FAULTS.values())
    every = f"  {ALL:<{width}}  all whose alerts are known, then exit"
    return f"faults:\n{rows}\n{every}"


def _faults(
    name: str | None, architectures: tuple[Architecture, ...], *, once: bool
) -> tuple[str, ...]:
    if name is None:
        return ()
    if name == ALL:
        return tuple(each.name for each in FAULTS.values() if each.has_drill)
    fault = known_fault(name, ALL)
    if once and not fault.has_drill:
        raise UsageError(f"{ONCE}: leave it out, as no alert has to fire for {name}")
    for each in architectures:
        if not possible(fault, each):
            able = ", ".join(a.name for a in ARCHITECTURES.values() if possible(fault, a))
            raise UsageError(
                f'fault "{name}": nothing of {each.name} breaks so; choose architecture {able}'
            )
    return (name,)


def _command(text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as wrong:
        raise UsageError(f"--stdio-command {text!r}: {wrong}") from wrong
    if not words or shutil.which(words[0]) is None:
        raise UsageError(f"--stdio-command {text!r}: no such program; give a command on PATH")
    return words
