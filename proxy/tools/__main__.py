"""`python -m proxy.tools approve FILE ...`: write the approved tools of servers to a file."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..app.options import CONFIG, ONLY, TOOL_BASELINE
from ..app.settings import parse_all
from ..errors import SettingsError
from . import baseline_file
from .approve import listed_tools

PACKAGE = (__package__ or "").rpartition(".")[0]

USAGE = f"""\
usage: python -m {PACKAGE}.tools approve FILE [options]
           (--upstream URL | --config PATH [--only NAMES] | -- command ...)

Lists the tools of a server, or of each one in a client's mcp.json, and writes them to FILE as
approved: {TOOL_BASELINE.flag} FILE compares with them. The URL may be that of a proxy. The options
are those of python -m {PACKAGE}, such as --header, and --server-name for whose tools they are.
Other servers in FILE stay as they are. Exit code 2: something is wrong, reported in one line,
and FILE is as it was."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Approve; the exit code."""
    if "--help" in arguments[:3] or "-h" in arguments[:3]:
        print(USAGE)
        return 0
    try:
        if len(arguments) < 2 or arguments[0] != "approve" or arguments[1].startswith("-"):
            raise SettingsError("use: approve FILE, then how to reach the server (see --help)")
        approve(arguments[1], list(arguments[2:]), environment)
    except SettingsError as problem:
        print(f"proxy.tools: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def approve(path: str, arguments: list[str], environment: Mapping[str, str]) -> None:
    """Write what servers list now to the file. Raises SettingsError."""
    environment = {**environment}
    environment.pop(TOOL_BASELINE.variable, None)
    settings = parse_all(arguments, environment, f"python -m {PACKAGE}.tools approve FILE")
    servers = baseline_file.read("approve", path) if Path(path).exists() else {}
    several = CONFIG.variable in environment or any(
        each.partition("=")[0] == CONFIG.flag for each in arguments
    )
    found: baseline_file.Servers = {}
    for each in settings:
        name = each.telemetry.server
        one = [ONLY.flag, name] if several else []
        found[name] = asyncio.run(listed_tools(name, [*arguments, *one], environment, PACKAGE))
    baseline_file.write(path, {**servers, **found})
    for name, approved in found.items():
        print(f"{name}: {len(approved)} tools approved in {path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
