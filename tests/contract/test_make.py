"""A mistake in a make variable is reported with the name of the variable."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.cli import main as dashboards
from lab.demo.run import main as demo
from lab.load.run import main as load
from lab.preview.run import main as preview

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

FLAGS = {flag: variable for flag, variable in re.findall(r'(--[a-z-]+) "\$\((\w+)\)"', MAKEFILE)}
"""The options that `make` fills in, each with its variable."""

PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "dashboards": lambda given: dashboards(given, {"GRAFANA_TOKEN": "secret-1"}),
    "lab.demo": demo,
    "lab.load": load,
    "lab.preview": preview,
}

CLOSED = "http://127.0.0.1:1"

MISTAKES = {
    "import": "GRAFANA_URL",
    "import GRAFANA_URL=grafana": "Grafana",
    "import GRAFANA_URL=http://g INGESTION=x": 'ingestion path "x"',
    "dashboards VARIANT=mine": '"mine" is not a variant',
    "dashboards VARIANT=toolhive": "INGESTION",
    "dashboards VARIANT=toolhive INGESTION=x": '"x" is not an ingestion path',
    "dashboards INGESTION=x": 'ingestion path "x"',
    "dashboards TOOLHIVE=1": 'ToolHive version "1"',
    "dashboards VARIANT=toolhive INGESTION=direct-scrape TOOLHIVE=0.1": '"0.1" is too old',
    "dashboards RULES_PER_GROUP=many": 'rules per group "many"',
    "dashboards RUNBOOK_PREFIX=docs": 'runbook prefix "docs"',
    "dashboards DASHBOARD_PREFIX=g": 'dashboard prefix "g"',
    "dashboards CLUSTER_LABEL=server": 'cluster label "server": series carry',
    "dashboards THRESHOLDS=no.yaml": 'thresholds: cannot read "no.yaml"',
    "dashboards LOGS=elastic": '"elastic" is not a log store',
    "demo ARCH=x": 'demo: "x" is not an architecture',
    "demo FAULT=x": 'demo: "x" is not a fault',
    "demo SERVERS=no.json": "no.json: cannot be read: No such file",
    "demo ECHO=off": "off needs",
    "demo ECHO=no": "'no': use on or off",
    "demo ARCH=hybrid FAULT=writes-rejected": 'fault "writes-rejected"',
    "load SCENARIO=x": 'load: "x" is not a scenario; choose from',
    "load URL=x": "'x' is not a URL of an MCP server",
    f"load URL={CLOSED}": "Connection refused",
    "load URL=http://a OUT=README.md": "cannot write to",
    "preview PROMETHEUS=x": "'x' is not an address of Prometheus",
    f"preview PROMETHEUS={CLOSED}": "Connection refused",
}


def recipe(words: str) -> list[str]:
    """What make would run last, as words."""
    dry = ("make", "--dry-run", "--no-print-directory", *words.split())
    said = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return shlex.split(said.splitlines()[-1])


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_line_that_names_the_thing_or_both_of_its_spellings(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = recipe(words)
    program = asked.index("-m") + 1

    assert PROGRAMS[asked[program]](asked[program + 1 :]) == 2

    error = capsys.readouterr().err
    assert MISTAKES[words] in error
    assert error.count("\n") == 1
    spelled = {FLAGS[flag] for flag in re.findall(r"--[a-z-]+", error)}
    assert {each for each in spelled if f"(make: {each}=)" not in error} == set()


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("dashboards SET=toolhive", "SET= is now VARIANT="),
        ("import ROAD=direct-scrape", "ROAD= is now INGESTION="),
    ],
)
def test_a_renamed_variable_is_refused_with_its_new_name(given: str, line: str) -> None:
    refused = subprocess.run(
        ("make", "--dry-run", *given.split()), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert refused.returncode == 2
    assert line in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_every_variable_of_these_targets_is_tried() -> None:
    """Only Prometheus lists its servers: tests/lab/preview/test_live.py tests another."""
    tried = set(re.findall(r"([A-Z_]+)=", " ".join(MISTAKES)))

    assert set(FLAGS.values()) - tried == {"SERVER"}
