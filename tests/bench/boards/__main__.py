"""`python -m tests.bench.boards`: what the boards and rules cost a Prometheus of a large fleet."""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dashboards import BOARDS
from dashboards.board import ONE_SERVER
from lab.binaries.find import ToolMissing
from lab.local.processes import ProcessFailed
from tests.bench import machine
from tests.bench.boards import asking, report, site
from tests.bench.boards.asking import View
from tests.bench.boards.world import SCRAPED_EVERY, Size

ROOT = Path(__file__).parents[3]
REPORT = ROOT / "docs" / "dashboard-queries.md"

HOUR = 3600
ONE = {"namespace": "mcp-0", "server": "server-000"}
OF_ALL = frozenset(each.uid for each in BOARDS if ONE_SERVER not in each.variables)
VIEWS = (
    View("an hour of all servers, every board that shows all", HOUR, {}, OF_ALL),
    View("3 days of all servers, the same boards", 72 * HOUR, {}, OF_ALL),
    View("3 days of one server, every board", 72 * HOUR, ONE),
)
"""How boards open; what is made to show a fleet's past; and where a click on a server leads."""


_HEAD = """\
# What the boards cost Prometheus

Made by `make bench-dashboards`: the queries of boards and rules on a made-up fleet, in which every
tool is another server's own. Server and Load test show one server at a time, the others all.
"""


def main() -> int:
    """Print and write the report; 0 if every query is within the bound, 1 if not, 2 if missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.boards", description=__doc__)
    parser.add_argument("--servers", type=int, default=200, help="of the fleet (200)")
    parser.add_argument("--tools", type=int, default=50, help="of each server (50)")
    parser.add_argument(
        "--write", type=Path, default=REPORT, help="file of the report (%(default)s)"
    )
    given = parser.parse_args()
    try:
        text, late = _measured(Size(given.servers, given.tools))
    except (ToolMissing, ProcessFailed, site.NotWritten) as wrong:
        print(f"bench: {wrong}", file=sys.stderr)
        return 2
    print(text, end="")
    given.write.parent.mkdir(exist_ok=True)
    given.write.write_text(text, encoding="utf-8")
    return 1 if late else 0


def _measured(size: Size) -> tuple[str, int]:
    """The report, and how many queries were late."""
    described, generating = machine.describe(), _generating()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mcp-bench-boards-") as name:
        folder = Path(name)
        print("writing the history", file=sys.stderr)
        written = site.write(size, folder)
        wrote = time.monotonic() - began
        took = {}
        with site.prometheus(folder) as (url, part):
            for view in VIEWS:
                print(f"asking: {view.name}", file=sys.stderr)
                every = asking.of_boards(view, site.END)
                took[view.name] = list(asking.timed(url, part.pid, every))
            print("asking: rules", file=sys.stderr)
            groups = {
                name: list(asking.timed(url, part.pid, every))
                for name, every in asking.of_rules(site.END).items()
            }
    late = sum(report.late(each) for runs in took.values() for each in runs)
    late += sum(report.behind(group, runs) for group, runs in groups.items())
    parts = [
        _HEAD,
        f"- fleet: {size.servers} servers of {size.tools} tools, 3 days of samples every"
        f" {SCRAPED_EVERY} s: {written.series:,} series, {written.samples:,} samples,"
        f" {written.bytes / 1e9:.1f} GB of blocks, written in {wrote:.0f} s",
        f"- machine: {described}",
        f"- time: the best of {asking.ROUNDS}, to the answer's last byte; CPU: of Prometheus",
        f"- generating all boards and rules: {generating:.2f} s of CPU, Python's start included",
        f"- the whole run: {time.monotonic() - began:.0f} s\n",
        report.SUMMARY_HEAD,
        *(report.summary(what, runs) for what, runs in took.items()),
        f"\n{report.RULES_HEAD}",
        *(report.rules(group, runs) for group, runs in groups.items()),
    ]
    for what, runs in took.items():
        parts.append(f"\n## {what[0].upper()}{what[1:]}: the slowest\n\n{report.slowest(runs)}")
    parts.append(f"\n## Rules: the slowest\n\n{report.slowest(sum(groups.values(), []))}")
    return "\n".join(parts) + "\n", late


def _generating() -> float:
    """CPU seconds of `python -m dashboards`, in a fresh process."""
    with tempfile.TemporaryDirectory() as name:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = (sys.executable, "-m", "dashboards", name)
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=120)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
