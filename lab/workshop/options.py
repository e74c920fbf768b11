"""The command line of the workshop, checked before anything is sent."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.cli_text import is_url
from lab.arguments import Parser, UsageError, seconds, whole_number
from lab.local.running_demo import Demo, DemoServer, running_demo
from lab.workshop.call import CLIENT
from lab.workshop.checks import EXERCISES

_PURPOSE = """The exercises of docs/workshop.md; without a command, the list of them. They are about
a running `make demo`, or, on a cluster, the addresses that `make forward` prints."""


@dataclass(frozen=True, slots=True)
class ListExercises:
    """List the exercises."""


@dataclass(frozen=True, slots=True)
class CheckExercise:
    """Say what is missing of an exercise; `answer` is "" where it asks for none."""

    demo: Demo
    number: int
    answer: str


@dataclass(frozen=True, slots=True)
class SendCall:
    """Call a tool so many times as a client of this name."""

    demo: Demo
    server: DemoServer
    tool: str
    arguments: Mapping[str, Any]
    times: int
    every: float
    """Seconds between two calls."""
    client: str


@dataclass(frozen=True, slots=True)
class QueryPrometheus:
    """Print the value of an expression."""

    demo: Demo
    expr: str


Request = ListExercises | CheckExercise | SendCall | QueryPrometheus


def parse(arguments: Sequence[str]) -> Request:
    """Raises UsageError."""
    given = _parser().parse_args(arguments)
    if given.command is None:
        return ListExercises()
    demo = _demo(given)
    if given.command == "check":
        return CheckExercise(demo, given.exercise, _answer(given.exercise, given.answer))
    if given.command == "call":
        values = dict(map(_argument, given.arguments))
        server = _server(demo, given.server)
        return SendCall(demo, server, given.tool, values, given.times, given.every, given.client)
    return QueryPrometheus(demo, given.expr)


def _parser() -> Parser:
    parser = Parser(prog="python -m lab.workshop", description=_PURPOSE)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    check = _command(commands, "check", "say what is missing of an exercise; 0 if nothing is")
    check.add_argument("exercise", type=_exercise, metavar="N")
    check.add_argument("answer", nargs="?", default="", help="what you found, if it asks for it")
    call = _command(commands, "call", "call a tool, and show the trace of the call")
    call.add_argument("server", help="the server's name")
    call.add_argument("tool")
    call.add_argument("arguments", nargs="*", metavar="NAME=VALUE", help="JSON, or text")
    times, every = whole_number(1, 1000), seconds(60, least=0)
    call.add_argument("--times", type=times, default=1, metavar="N", help="default: 1")
    call.add_argument("--every", type=every, default=0.0, metavar="SECONDS", help="default: 0")
    call.add_argument("--client", default=CLIENT, metavar="NAME", help=f"default: {CLIENT}")
    call.add_argument("--mcp", metavar="URL", help="the MCP endpoint of the server's proxy")
    query = _command(commands, "query", "the value of a PromQL expression, now")
    query.add_argument("expr")
    return parser


def _command(commands: Any, name: str, help: str) -> Parser:
    """A command with the options that each has."""
    parser: Parser = commands.add_parser(name, help=help)
    parser.add_argument("--prometheus", metavar="URL", help="default: that of a running demo")
    parser.add_argument("--jaeger", metavar="URL", help="default: that of a running demo")
    return parser


def _demo(given: argparse.Namespace) -> Demo:
    """A running demo, or the addresses that were given."""
    urls = {name: getattr(given, name, None) for name in ("prometheus", "jaeger", "mcp")}
    for name, url in urls.items():
        if url is not None and not is_url(url):
            raise UsageError(f"--{name} {url!r} is not a URL: write http://host:port")
    if urls["prometheus"] is not None:
        servers = (DemoServer(given.server, urls["mcp"], ""),) if urls["mcp"] else ()
        return Demo(urls["prometheus"], urls["jaeger"] or "", servers=servers)
    demo = running_demo()
    if demo is None:
        raise UsageError("no demo is running here: start `make demo`, or give --prometheus URL")
    return demo


def _server(demo: Demo, name: str) -> DemoServer:
    for each in demo.servers:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in demo.servers) or "none: give --mcp URL"
    raise UsageError(f"server {name!r}: known are {known}")


def _exercise(text: str) -> int:
    if not text.isdecimal() or int(text) not in EXERCISES:
        known = f"{min(EXERCISES)} to {max(EXERCISES)}"
        raise argparse.ArgumentTypeError(f"{text!r} is not an exercise; choose {known}")
    return int(text)


def _answer(number: int, answer: str) -> str:
    asked = EXERCISES[number].asks
    if asked and not answer:
        raise UsageError(
            f"exercise {number} asks for {asked}: python -m lab.workshop check {number} ANSWER"
        )
    if answer and not asked:
        raise UsageError(f"exercise {number} asks for no answer, and got {answer!r}")
    return answer


def _argument(text: str) -> tuple[str, Any]:
    """`name=value`; the value as JSON if it is some, else as text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"{text!r}: write the tool's arguments as NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
