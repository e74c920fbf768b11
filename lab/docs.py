"""The generated tables of README and docs/, and the runbook, from the code that owns their facts.

`python -m lab.docs` writes them; `--check` writes nothing and exits with 1 if one is outdated.
A table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import yaml

from dashboards import ALERTS, BOARDS, load_metrics
from dashboards.alerts import RUNBOOK
from dashboards.bundles import monitoring_bundle
from dashboards.runbook import runbook
from dashboards.variants import toolhive
from lab.arguments import Parser, UsageError
from lab.faults.catalogue import LIVE_FAULTS, START_FAULTS
from lab.faults.fault import Fault
from proxy.app.options import OPTIONS
from proxy.telemetry.catalogue import METRICS, Metric
from proxy.translation.translation_matrix import KINDS, TITLES, Route
from stacks.architectures import ARCHITECTURES
from stacks.charts import CHARTS, Component, Profile

ROOT = Path(__file__).parents[1]
COMPARISON = ROOT / "docs" / "comparison.md"
SUMMARY = "<!-- summary -->"
"""Before the table of the comparison of which the README shows a part."""

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_TABLE = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Row = tuple[str, ...]

_MEASURED = "[measured](docs/comparison.md): delay (p50), gaps, CPU per call"


def markdown(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; a `|` inside a cell is escaped."""
    lines = (head, tuple("---" for _ in head), *rows)
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def code(text: str) -> str:
    """Text as code; nothing where there is no text."""
    return f"`{text}`" if text else ""


def _architectures() -> str:
    measured = measured_summary(COMPARISON.read_text(encoding="utf-8"))
    rows = (
        (code(each.name), each.summary, each.choose_when, measured[each.name])
        for each in ARCHITECTURES.values()
    )
    return markdown(("architecture", "path of the metrics", "choose it when", _MEASURED), rows)


def measured_summary(page: str) -> dict[str, str]:
    """Of each architecture, what the README shows of the summary of the comparison's page."""
    table = page.partition(SUMMARY)[2].strip().partition("\n\n")[0]
    found = {}
    for line in table.splitlines()[2:]:
        name, metrics, _, gaps, _, _, cpu, _ = line.strip("| ").split(" | ")
        found[name.strip("`")] = f"{metrics.partition(' / ')[0]}, {gaps}, {cpu}"
    return found


def _boards() -> str:
    rows = ((each.title, code(each.uid), each.question) for each in BOARDS)
    return markdown(("board", "uid", "the question it answers"), rows)


def _alerts() -> str:
    rows = (
        (f"[{each.name}]({runbook_link(each.name)})", each.severity.value, each.for_)
        for each in ALERTS
    )
    return markdown(("alert", "severity", "after"), rows)


def runbook_link(alert: str) -> str:
    """The alert's section of the runbook, as a link from docs/."""
    return f"../{RUNBOOK}#{alert.lower()}"


def _options() -> str:
    rows = (
        (code(each.flag), code(each.variable), code(each.default), each.brief) for each in OPTIONS
    )
    return markdown(("flag", "variable", "default", "meaning"), rows)


def _metrics(metrics: Iterable[Metric] = METRICS) -> str:
    rows = (
        (code(each.series), each.instrument.value, ", ".join(map(code, each.labels)), each.brief)
        for each in metrics
    )
    return markdown(("series", "kind", "labels", "meaning"), rows)


def _charts() -> str:
    rows = (
        (
            CHARTS[Profile.CURRENT][component].name,
            *(CHARTS[each][component].version for each in Profile),
        )
        for component in Component
    )
    return markdown(("chart", *(f"profile {code(each.value)}" for each in Profile)), rows)


def _configuration() -> str:
    keys = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    rows = (
        (code(key.partition(":")[2]), code(_plain(each.get("default", ""))), each["description"])
        for key, each in keys.items()
    )
    return markdown(("key", "default", "meaning"), rows)


def _plain(value: object) -> str:
    """A value as it is written in YAML."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ingestion_paths() -> str:
    rows = []
    for ingestion in toolhive.INGESTION_PATHS.values():
        bundle = monitoring_bundle(toolhive.variant(toolhive.NEWEST, ingestion.name))
        panels = sum(len(board.panels) for board in bundle.boards)
        alerts = len(bundle.every_alert)
        who = f"{code(ingestion.target['namespace'])}, `server`"
        rows.append(
            (
                code(ingestion.name),
                ingestion.meaning,
                who,
                f"{len(bundle.boards)} / {panels} / {alerts}",
            )
        )
    return markdown(
        ("`INGESTION`", "choose it when", "server identified by", "boards / panels / alerts"), rows
    )


def _crossings() -> str:
    rows = ((each.name, *(str(each.cells[way]) for way in Route)) for each in KINDS)
    return markdown(("kind of message", *(TITLES[way] for way in Route)), rows)


def _live_faults() -> str:
    rows = (
        (
            code(each.name),
            each.what,
            f"{each.level.name}: {code(each.level.example)}" if each.level else "",
            code(each.default),
            each.target,
            _alerts_of(each),
        )
        for each in LIVE_FAULTS.values()
    )
    return markdown(("fault", "what happens", "level", "default", "of", "alerts"), rows)


def _start_faults() -> str:
    rows = (
        (code(each.name), each.what, each.target, _alerts_of(each))
        for each in START_FAULTS.values()
    )
    return markdown(("fault", "what happens", "of", "alerts"), rows)


def _alerts_of(fault: Fault) -> str:
    return ", ".join(code(name) for name, _ in fault.fires)


TABLES: dict[str, Callable[[], str]] = {
    "architectures": _architectures,
    "boards": _boards,
    "options": _options,
    "crossings": _crossings,
    "metrics": _metrics,
    "load-metrics": lambda: _metrics(load_metrics.METRICS),
    "alerts": _alerts,
    "live-faults": _live_faults,
    "start-faults": _start_faults,
    "ingestion-paths": _ingestion_paths,
    "charts": _charts,
    "configuration": _configuration,
}


def renewed(text: str) -> str:
    """A page's text with its tables up to date. Raises KeyError for an unknown table."""
    return _TABLE.sub(lambda each: each[1] + TABLES[each["name"]]() + each[3], text)


def documents() -> dict[Path, str]:
    """Every generated document, up to date."""
    return {
        **{page: renewed(page.read_text(encoding="utf-8")) for page in PAGES},
        ROOT / RUNBOOK: runbook(monitoring_bundle()),
    }


def main(arguments: Sequence[str]) -> int:
    """Write the tables, or with `--check` only compare them; 2 for the user's mistake."""
    parser = Parser(
        prog="python -m lab.docs", description="Write the generated tables and the runbook."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if one is outdated")
    try:
        check = parser.parse_args(arguments).check
    except UsageError as mistake:
        print(f"{parser.prog}: {mistake}", file=sys.stderr)
        return 2
    return _renew(check=check)


def _renew(*, check: bool) -> int:
    outdated = {
        path: text for path, text in documents().items() if path.read_text(encoding="utf-8") != text
    }
    for path, text in outdated.items():
        if check:
            print(f"{path.relative_to(ROOT)} is outdated: `make docs`")
        else:
            path.write_text(text, encoding="utf-8")
    return int(check and bool(outdated))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
