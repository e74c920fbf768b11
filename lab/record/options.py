"""The command line of a recording."""

import argparse
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.arguments import Parser, UsageError, only_target, seconds, split_command
from lab.load.find_target import demo_server
from lab.load.options import header
from lab.local.running_demo import running_demo
from proxy.app import settings as proxy_settings
from proxy.app.settings import Settings
from proxy.errors import SettingsError
from proxy.urls import shown

DRAIN_SECONDS = "2"
"""For calls in flight when the recording ends."""
LONGEST_SECONDS = 30 * 86400.0

_PURPOSE = """Record the JSON-RPC sessions of the clients that connect to this address instead of
the server's. Values are replaced by placeholders unless --payloads is given."""
_USAGE = "python -m lab.record FILE [OPTIONS] [--url URL | --server NAME | -- COMMAND ...]"
_ANY_PORT = "127.0.0.1:0"


@dataclass(frozen=True, slots=True)
class Options:
    """Valid options; `target` is the server as messages name it, `url` is "" for a command."""

    settings: Settings
    target: str
    url: str
    file: Path
    force: bool
    payloads: bool
    seconds: float | None


def parse(arguments: Sequence[str]) -> Options:
    """What follows `--` is the command of a stdio server. Raises UsageError."""
    options, command = split_command(arguments)
    given = _parser().parse_args(options)
    only_target(given.url, given.server, command)
    if given.file is None:
        raise UsageError("FILE is missing: name the file to write, such as build/a.jsonl")
    if command is None:
        url = given.url or demo_server(given.server, running_demo()).mcp
        settings, target = _settings(given, ("--upstream", url)), shown(url)
    else:
        url = ""
        settings, target = _settings(given, ("--", *command)), shlex.join(command)
    return Options(settings, target, url, given.file, given.force, given.payloads, given.seconds)


def _settings(given: argparse.Namespace, upstream: tuple[str, ...]) -> Settings:
    own = ["--metrics-listen", _ANY_PORT, "--drain-timeout", DRAIN_SECONDS, "--log-calls", "none"]
    own += ["--stdio"] if given.stdio else ["--listen", given.listen]
    for name, value in given.header:
        own += ["--header", f"{name}={value}"]
    try:
        return proxy_settings.parse((*own, *upstream), _environment(os.environ))
    except SettingsError as wrong:
        raise UsageError(str(wrong).replace("--upstream", "--url (make: URL=)")) from wrong


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what configures another proxy, or exports telemetry as if this were the server."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("MCP_PROXY_", "OTEL_"))
    }


def _parser() -> Parser:
    parser = Parser(prog="python -m lab.record", description=_PURPOSE)
    parser.usage = _USAGE
    add = parser.add_argument
    add("file", nargs="?", type=Path, metavar="FILE", help="the recording")
    add("--url", metavar="URL", help="the server; its transport is HTTP+SSE if it ends in /sse")
    add("--server", metavar="NAME", help="a server of the running demo; default: its first")
    add("--force", action="store_true", help="overwrite the file if it exists")
    add("--payloads", action="store_true", help="record values, too; secrets are still replaced")
    length = "how long; default: until Ctrl-C"
    add("--seconds", type=seconds(LONGEST_SECONDS), metavar="N", help=length)
    add("--listen", default=_ANY_PORT, metavar="HOST:PORT", help="default: a free port")
    add("--stdio", action="store_true", help="serve the client that started this program")
    sent = "sent to the server with every request; may be repeated"
    add("--header", action="append", default=[], type=header, metavar="NAME:VALUE", help=sent)
    return parser
