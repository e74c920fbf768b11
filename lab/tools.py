"""Find or build the binaries that the demo and the tests run, and print where each is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from lab.arguments import Parser, UsageError
from lab.binaries.build import duration, go_version, output_of
from lab.binaries.catalogue import CHART_TOOLS, TOOLS
from lab.binaries.find import Found, ToolMissing, look_up, named, obtain
from lab.binaries.tool import Tool, Version, dotted, version_in
from lab.stderr import say

Row = tuple[str, str, str, str]


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    parser = Parser(prog="python -m lab.tools", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TOOLS)}")
    parser.add_argument("--list", action="store_true", help="list what is there; build nothing")
    try:
        options = parser.parse_args(arguments)
        usual = [name for name in TOOLS if name not in CHART_TOOLS]
        tools = [named(name) for name in options.names or usual]
        rows = _listed(tools, environ) if options.list else _obtained(tools, environ)
    except (UsageError, ToolMissing) as mistake:
        say(f"{parser.prog}: {mistake}")
        return 2
    except KeyboardInterrupt:
        say("interrupted; finished tools are kept, partial builds are removed")
        return 130
    for row in [("tool", "where", "version", "path"), *rows]:
        print("{:26} {:9} {:9} {}".format(*row))
    return 0


def _obtained(tools: Iterable[Tool], environ: Mapping[str, str]) -> list[Row]:
    return [_row(found, environ) for found in obtain(tools, environ)]


def _listed(tools: Iterable[Tool], environ: Mapping[str, str]) -> list[Row]:
    looked_up = {tool: look_up(tool, environ) for tool in tools}
    go = go_version(environ)
    return [
        _row(found, environ) if found else (tool.name, "missing", "-", _remedy(tool, go))
        for tool, found in looked_up.items()
    ]


def _row(found: Found, environ: Mapping[str, str]) -> Row:
    output = output_of(found.path, found.tool.version_command, environ=environ)
    version = dotted(version_in(output or "")) or "?"
    return found.tool.name, found.origin, version, str(found.path)


def _remedy(tool: Tool, go: Version) -> str:
    if go < tool.oldest_go:
        return f"needs Go {dotted(tool.oldest_go)} or newer to be built, and that is not on PATH"
    return f"built on first use, {duration(tool.seconds)}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
