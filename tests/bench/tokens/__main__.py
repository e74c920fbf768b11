"""`python -m tests.bench.tokens`: bytes per token of the lists of tools of public MCP servers.

The servers come from npm and PyPI by their usual clients, in the versions below, and run without an
account: they list their tools all the same. Tokens are those of o200k_base, by gpt-tokenizer.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.binaries.find import cache_folder
from tests.bench.tokens.asking import ListFailed, listed
from tests.bench.tokens.report import Measured, document
from tests.npm import INSTALL_SECONDS, NODE, NPM, NotInstalled, run

ROOT = Path(__file__).parents[3]
REPORT = ROOT / "docs" / "tokens.md"
UV = Path(sys.executable).with_name("uv")

TOKENIZER = "gpt-tokenizer@4.0.0"
NPM_SERVERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "@antv/mcp-server-chart@0.9.10": ((), ()),
    "@hubspot/mcp-server@0.4.0": ((), ("PRIVATE_APP_ACCESS_TOKEN",)),
    "@modelcontextprotocol/server-brave-search@0.6.2": ((), ("BRAVE_API_KEY",)),
    "@modelcontextprotocol/server-everything@2026.8.31": ((), ()),
    "@modelcontextprotocol/server-filesystem@2026.8.31": (("/tmp",), ()),
    "@modelcontextprotocol/server-github@2025.4.8": ((), ()),
    "@modelcontextprotocol/server-gitlab@2025.4.25": ((), ("GITLAB_PERSONAL_ACCESS_TOKEN",)),
    "@modelcontextprotocol/server-google-maps@0.6.2": ((), ("GOOGLE_MAPS_API_KEY",)),
    "@modelcontextprotocol/server-memory@2026.8.31": ((), ()),
    "@modelcontextprotocol/server-postgres@0.6.2": (("postgresql://localhost/db",), ()),
    "@modelcontextprotocol/server-puppeteer@2025.5.12": ((), ()),
    "@modelcontextprotocol/server-sequential-thinking@2026.8.31": ((), ()),
    "@modelcontextprotocol/server-slack@2025.4.25": ((), ("SLACK_BOT_TOKEN", "SLACK_TEAM_ID")),
    "@notionhq/notion-mcp-server@2.5.2": ((), ("NOTION_TOKEN",)),
    "@playwright/mcp@0.0.83": ((), ()),
    "@sentry/mcp-server@0.39.0": (("--access-token=none", "--host=sentry.example.com"), ()),
    "@upstash/context7-mcp@4.1.1": ((), ()),
    "@wonderwhy-er/desktop-commander@0.2.52": ((), ()),
    "chrome-devtools-mcp@1.11.0": ((), ()),
    "exa-mcp-server@3.4.1": ((), ("EXA_API_KEY",)),
    "firecrawl-mcp@3.26.0": ((), ("FIRECRAWL_API_KEY",)),
    "mcp-server-kubernetes@4.1.7": ((), ()),
    "tavily-mcp@0.2.22": ((), ("TAVILY_API_KEY",)),
}
"""npm packages: arguments, and variables that must be set to something."""
PYPI_SERVERS = (
    "duckduckgo-mcp-server@0.7.0",
    "mcp-server-calculator@0.2.1",
    "mcp-server-fetch@2026.10.24",
    "mcp-server-git@2026.10.19",
    "mcp-server-time@2026.10.19",
)

_COUNT = """\
const { countTokens } = require("gpt-tokenizer/encoding/o200k_base");
const texts = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
process.stdout.write(JSON.stringify(texts.map((text) => countTokens(text))));
"""


def main() -> int:
    """Measure and print; 2 if not everything can be installed or asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tokens")
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.relative_to(ROOT)}")
    given = parser.parse_args()
    environment = {"PATH": f"{NODE.parent}:/usr/bin:/bin"}
    try:
        folder = installed()
        lists = {name: ask(name, folder, environment) for name in (*NPM_SERVERS, *PYPI_SERVERS)}
        tokens = counted(folder, list(lists.values()))
    except (NotInstalled, ListFailed, subprocess.TimeoutExpired) as problem:
        print(f"tests.bench.tokens: {problem}", file=sys.stderr)
        return 2
    text = document([
        Measured(name, len(json.loads(tools)), len(tools.encode()), count)
        for (name, tools), count in zip(lists.items(), tokens, strict=True)
    ])  # fmt: skip
    print(text)
    if given.write:
        REPORT.write_text(text, encoding="utf-8")
    return 0


def installed() -> Path:
    """The folder with all npm packages, in the user's cache. Raises NotInstalled."""
    folder = cache_folder(os.environ) / "token-lists"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "count.cjs").write_text(_COUNT, encoding="utf-8")
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
    done = subprocess.run(
        (NODE, NPM, "install", "--prefix", folder, *quiet, TOKENIZER, *NPM_SERVERS),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        raise NotInstalled(f"npm install ended with {done.returncode}: {done.stderr[-300:]}")
    return folder


def ask(server: str, folder: Path, environment: Mapping[str, str]) -> str:
    """The tools that a server lists, as JSON without spaces. Raises ListFailed."""
    name, version = server.rsplit("@", 1)
    if server in PYPI_SERVERS:
        command = (str(UV), "tool", "run", "--quiet", "--from", f"{name}=={version}", name)
        return listed(server, command, os.environ)
    arguments, variables = NPM_SERVERS[server]
    package = folder / "node_modules" / name
    programs = json.loads((package / "package.json").read_text(encoding="utf-8"))["bin"]
    program = programs if isinstance(programs, str) else next(iter(programs.values()))
    home = {"HOME": str(folder), **dict.fromkeys(variables, "none")}
    return listed(server, (str(NODE), str(package / program), *arguments), {**environment, **home})


def counted(folder: Path, texts: list[str]) -> list[int]:
    """How many tokens each text has."""
    given = folder / "texts.json"
    given.write_text(json.dumps(texts), encoding="utf-8")
    counts: list[int] = json.loads(run(folder, "count.cjs", str(given)))
    return counts


if __name__ == "__main__":
    sys.exit(main())
