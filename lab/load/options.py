"""The command line of a load test."""

import argparse
import json
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dashboards.cli_text import is_url
from lab.arguments import Parser, UsageError, seconds, split_command, whole_number
from lab.load.find_target import Found, by_command, by_url, in_demo
from lab.load.load_test import LoadTest
from lab.load.output import FILES, check_folder
from lab.load.protocol import VERSIONS
from lab.load.rate import Arrivals, parse_steps
from lab.load.recorded_scenario import PREFIX, recorded_scenario
from lab.load.scenarios import SCENARIOS, Scenario, Sessions
from lab.load.tool_mix import ToolMix
from lab.local.running_demo import running_demo
from proxy.suggestions import did_you_mean
from proxy.translation.versions import MODERN_VERSION
from stacks.charts import Namespace
from stacks.servers import Transport

DEFAULT_TOOL = "echo"
DEFAULTS = {
    Transport.STREAMABLE_HTTP: "streamable-20",
    Transport.SSE: "sse-20",
    Transport.STDIO: "stdio-20",
}
"""The scenario for a target's transport, if none is chosen."""

LONGEST_TIMEOUT = 3600.0

_FILES_BESIDE_CONNECTIONS = 100
_PURPOSE = "Put an MCP server or proxy under load, in an open loop."
_USAGE = "python -m lab.load [SCENARIO] [OPTIONS] [--url URL | -- COMMAND ...]"


@dataclass(frozen=True, slots=True)
class Options:
    """Valid options; `out` is a folder for the results, if any."""

    tests: tuple[LoadTest, ...]
    out: Path | None


def parse(arguments: Sequence[str]) -> Options:
    """What follows `--` is the command of a stdio server. Raises UsageError."""
    options, command = split_command(arguments)
    given = _parser().parse_args(options)
    if command is not None and given.url is not None:
        raise UsageError("a URL and a command: give --url (make: URL=) or -- COMMAND, not both")
    if given.out is not None:
        check_folder(given.out)
    demo = running_demo()

    def find(scenario: Scenario) -> Found:
        if command is not None:
            return by_command(command, scenario)
        if given.url is not None:
            return by_url(given.url, scenario, dict(given.header), demo)
        return in_demo(given.server, scenario, dict(given.header), demo)

    names = given.scenario or DEFAULTS[_transport(given.url, command)]
    named = [_scenario(each, given, command) for each in names.split(",")]
    scenarios = [_changed(each, given) for each in named]
    return Options(tuple(_test(each, find(each), given) for each in scenarios), given.out)


def _transport(url: str | None, command: tuple[str, ...] | None) -> Transport:
    """That of the target which was given."""
    if command:
        return Transport.STDIO
    is_sse = url is not None and url.endswith("/sse")
    return Transport.SSE if is_sse else Transport.STREAMABLE_HTTP


def _scenario(name: str, given: argparse.Namespace, command: tuple[str, ...] | None) -> Scenario:
    if name.startswith(PREFIX):
        recorded = recorded_scenario(name)
        if given.url is None and not command:
            return recorded
        return replace(recorded, transport=_transport(given.url, command))
    if name not in SCENARIOS:
        known = ", ".join((*SCENARIOS, f"{PREFIX}FILE"))
        hint = did_you_mean(name, SCENARIOS)
        raise UsageError(f'"{name}" is not a scenario; {hint}choose from {known}')
    return SCENARIOS[name]


def _changed(scenario: Scenario, given: argparse.Namespace) -> Scenario:
    """The scenario with what the options change."""
    changes = {
        name: value
        for name in ("connections", "steps", "sessions")
        if (value := getattr(given, name)) is not None
    }
    changed = replace(scenario, **changes)
    _require_files(changed.connections)
    return changed


def _require_files(connections: int) -> None:
    """Raise UsageError if this process may not have so many connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and connections + _FILES_BESIDE_CONNECTIONS > most:
        raise UsageError(f"{connections} connections: more than `ulimit -Hn` allows, {most} files")


def _test(scenario: Scenario, found: Found, given: argparse.Namespace) -> LoadTest:
    version = given.protocol or scenario.version
    if version == MODERN_VERSION and found.target.transport is Transport.SSE:
        raise UsageError(f"--protocol {MODERN_VERSION}: HTTP+SSE is older; use streamable HTTP")
    return LoadTest(
        name=scenario.name,
        target=found.target,
        version=version,
        connections=scenario.connections,
        sessions=scenario.sessions,
        steps=scenario.steps,
        mix=ToolMix(dict(given.tool) or scenario.tools or {DEFAULT_TOOL: 1.0}),
        arguments={**scenario.arguments, **dict(given.arguments)},
        arrivals=Arrivals(given.arrivals),
        seed=given.seed,
        timeout=given.timeout,
        metrics=given.metrics or found.metrics,
        server=given.server or found.server,
        namespace=given.namespace,
    )


def _parser() -> Parser:
    parser = Parser(prog="python -m lab.load", description=_PURPOSE, epilog=_scenario_list())
    parser.usage = _USAGE
    add = parser.add_argument
    several = "one of those below, or several separated by commas; default: by the target"
    add("scenario", nargs="?", help=several)
    add("--url", metavar="URL", help="default: a proxy of the running `make demo`")
    server = "which server of the demo, or the name of another in metrics"
    add("--server", metavar="NAME", help=server)
    add("--namespace", default=Namespace.SERVERS.value, metavar="NAME", help="in metrics")
    metrics = "send figures by OTLP/HTTP; default: to Prometheus of the demo that is tested"
    add("--metrics", type=_url, metavar="URL", help=metrics)
    steps = "instead of the scenario's rate: steps such as 100x30 and ramps such as 50..500x60"
    add("--steps", type=_steps, metavar="RATExSECONDS,...", help=steps)
    own = "instead of the scenario's"
    add("--connections", type=whole_number(1), metavar="N", help=own)
    unique = "whether connections keep their session, or each call has one of its own"
    add("--sessions", type=Sessions, choices=list(Sessions), help=unique)
    versions = f"default: that of the recording, else {VERSIONS[0]}; {MODERN_VERSION} is stateless"
    add("--protocol", choices=VERSIONS, help=versions)
    tool = "a tool to call and its weight among several; may be repeated;"
    tool += f" default: those of the recording, else {DEFAULT_TOOL}"
    add("--tool", action="append", default=[], type=_weighted, metavar="NAME[=WEIGHT]", help=tool)
    made = "arguments of a tool; default: made from its schema"
    add("--arguments", action="append", default=[], type=_arguments, metavar="NAME=JSON", help=made)
    sent = "sent with every request; may be repeated"
    add("--header", action="append", default=[], type=header, metavar="NAME:VALUE", help=sent)
    arrivals = "gaps between calls: equal (default), or as of independent clients"
    add("--arrivals", choices=[each.value for each in Arrivals], default="even", help=arrivals)
    add("--seed", type=int, default=1, metavar="N", help="of tools and arrivals; default: 1")
    timeout = "the longest that a call may take; default: 10"
    add("--timeout", type=seconds(LONGEST_TIMEOUT), default=10.0, metavar="SECONDS", help=timeout)
    add("--out", type=Path, metavar="FOLDER", help=f"write {', '.join(FILES)} there")
    return parser


def _scenario_list() -> str:
    width = max(map(len, SCENARIOS))
    rows = (
        f"  {each.name:<{width}}  {each.connections} connections, {each.what},"
        f" {','.join(map(str, each.steps))}"
        for each in SCENARIOS.values()
    )
    recorded = f"  {PREFIX}FILE  the tools, rate and sessions of a recording (lab.record)"
    return "\n".join(("scenarios (calls per second x seconds):", *rows, recorded))


def _wrong(text: str, allowed: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{text!r} is not {allowed}")


def _steps(text: str) -> Any:
    try:
        return parse_steps(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong


def _url(text: str) -> str:
    if not is_url(text):
        raise _wrong(text, "a URL such as http://127.0.0.1:4318/v1/metrics")
    return text


def _weighted(text: str) -> tuple[str, float]:
    name, given, weight = text.partition("=")
    try:
        value = float(weight) if given else 1.0
    except ValueError:
        value = 0.0
    if not name or not 0 < value < float("inf"):
        raise _wrong(text, "NAME or NAME=WEIGHT with a weight above 0")
    return name, value


def _arguments(text: str) -> tuple[str, Mapping[str, Any]]:
    name, _, given = text.partition("=")
    try:
        value = json.loads(given)
    except ValueError:
        value = None
    if not name or not isinstance(value, dict):
        raise _wrong(text, "NAME=JSON with a JSON object")
    return name, value


def header(text: str) -> tuple[str, str]:
    """The value of an option."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not text.isprintable():
        raise _wrong(text, "NAME:VALUE")
    return name.strip(), value.strip()
