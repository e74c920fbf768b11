"""The runbook of a set in a dialect: the sections of its alerts, in its names.

The runbook is written once, for the series contract. A query is translated, or is what the alert
watches; a sentence that speaks of what the set has not goes.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from dashboards.alerts import Alert
from dashboards.bundles import MonitoringBundle
from dashboards.variants.expression import translated
from dashboards.variants.label_schema import LabelSchema

SOURCE = Path(__file__).with_name("RUNBOOK.md")

_SECTION = re.compile(r"^## (\S+)\n\n(.*?)\n*(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_QUERY = re.compile(r"```promql\n(.+?)\n```", re.DOTALL)
_PART = re.compile(r"\*\*(Symptom|Why|Fix)\.\*\* (.+?)(?=\n\n|\Z)", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.?]) (?=[A-Z0-9`])")
_QUOTED = re.compile(r'"([^"]+)"')
_ALERT = re.compile(r"\bMCP[A-Z]\w+")

# What only our proxy has: verdicts by fault, options, and series of its own.
_OURS = re.compile(
    r"Fault `|By fault|isError|our proxy|`--|OTEL_|Exit code|mcp_proxy_|`(caller|server|proxy)`"
)


def runbook(text: str, made: MonitoringBundle, dialect: LabelSchema) -> str:
    """The runbook of a set in its dialect, made of the contract's `text`; Markdown."""
    alerts = {each.contract: each for group in made.alerts.values() for each in group}
    sections = ((alerts[name], body) for name, body in _SECTION.findall(text) if name in alerts)
    written = (
        f"## {alert.name}\n\n{_body(alert, body, made, dialect)}" for alert, body in sections
    )
    return "\n\n".join((f"# Runbook: {dialect.names.shown}", _FOREWORD, *written)) + "\n"


_FOREWORD = (
    "One heading per alert of the set: the symptom, why it comes, a query to confirm it, how to fix"
    " it."
)


def _body(alert: Alert, body: str, made: MonitoringBundle, dialect: LabelSchema) -> str:
    def query(found: re.Match[str]) -> str:
        part = translated(found[1], dialect)
        return f"```promql\n{part.text if part else alert.expr}\n```"

    def part(found: re.Match[str]) -> str:
        kept = " ".join(_true(found[2], made, dialect))
        if not kept:
            raise ValueError(f"nothing of {found[1]} under {alert.name} is true of this set")
        return f"**{found[1]}.** {kept}"

    parts = _PART.sub(part, _QUERY.sub(query, body))
    titled = re.sub(r"\bMCP /", f"MCP {dialect.names.shown} /", parts)
    return _ALERT.sub(lambda found: dialect.names.alert(found[0]), titled)


def _true(text: str, made: MonitoringBundle, dialect: LabelSchema) -> Iterator[str]:
    """The sentences of a paragraph that name nothing which the set lacks."""
    shown = {panel.signal.title for board in made.boards for panel in board.panels}
    shown |= {row.title for board in made.boards for row in board.rows}
    alerts = {each.contract for group in made.alerts.values() for each in group}
    for sentence in _SENTENCE.split(" ".join(text.split())):
        quoted = all(any(s.startswith(q) for s in shown) for q in _QUOTED.findall(sentence))
        named = set(_ALERT.findall(sentence)) <= alerts
        if quoted and named and not _OURS.search(sentence):
            yield sentence
