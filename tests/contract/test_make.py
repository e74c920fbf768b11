"""A mistake in a make variable is reported with the name of the variable."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.cli import main as dashboards
from lab.compare.run import main as compare
from lab.demo.run import main as demo
from lab.doctor.run import main as doctor
from lab.fault.run import main as fault
from lab.load.run import main as load
from lab.preview.run import main as preview
from lab.record.run import main as record
from lab.replay.run import main as replay
from tests import make

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

FLAGS = {flag: variable for flag, variable in re.findall(r'(--[a-z-]+) "\$\((\w+)\)"', MAKEFILE)}
"""The options that `make` fills in, each with its variable."""

PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "dashboards": lambda given: dashboards(given, {"GRAFANA_TOKEN": "secret-1"}),
    "lab.compare": compare,
    "lab.demo": demo,
    "lab.doctor": doctor,
    "lab.fault": fault,
    "lab.load": load,
    "lab.preview": preview,
    "lab.record": record,
    "lab.replay": replay,
}

RECORDING = "docs/examples/recordings/everything.jsonl"
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
    "compare OUTAGE=x": '"x" is not an outage; choose collector, prometheus, jaeger, link,',
    "compare OUT=README.md": "cannot write to",
    "doctor STACK=x": "STACK=x: there is no stacks/Pulumi.x.yaml; there are: direct-scrape",
    "demo ARCH=hybird": '"hybird" is not an architecture; did you mean hybrid? choose otel-scrape',
    "demo ARCH=x": 'demo: "x" is not an architecture',
    "demo FAULT=server-hang": "not a fault; did you mean server-hangs? choose",
    "demo FAULT=x": 'demo: "x" is not a fault',
    "demo SERVERS=no.json": "no.json: cannot be read: No such file",
    "demo ECHO=off": "off: no server is left",
    "demo ALERTS=soon": "'soon': use deployed or fast",
    "demo ECHO=no": "'no': use on or off",
    "demo ARCH=hybrid FAULT=writes-rejected": 'fault "writes-rejected"',
    "load SCENARIO=streamble-20": "not a scenario; did you mean streamable-20? choose from",
    "fault FAULT=x": 'fault: "x" is not a fault; choose from',
    "fault FAULT=hang SECONDS=0": "not a number of seconds",
    "fault FAULT=mystery SEED=x": "is not a number from 0 on",
    "fault FAULT=hang SEED=1": "not for hang",
    "fault FAULT=reset LEVEL=1s": "not for reset",
    "load SCENARIO=x": 'load: "x" is not a scenario; choose from',
    "load URL=x": "'x' is not a URL of an MCP server",
    f"load URL={CLOSED}": "Connection refused",
    "load URL=http://a OUT=README.md": "cannot write to",
    "record URL=http://a": "FILE is missing",
    "record FILE=a.jsonl URL=x": "URL=): 'x'",
    f"record FILE=a.jsonl URL={CLOSED}": "Connection refused",
    "replay": "FILE is missing",
    "replay FILE=README.md": "is not a recording",
    f"replay FILE={RECORDING} URL=x": "'x' is not a URL of an MCP server",
    f"replay FILE={RECORDING} SPEED=x": "'x' is not a factor above 0, or max",
    "preview PROMETHEUS=x": "'x' is not an address of Prometheus",
    f"preview PROMETHEUS={CLOSED}": "Connection refused",
}


def recipe(words: str) -> list[str]:
    """What make would run last, as words."""
    done = run_make("--no-print-directory", *words.split())
    assert done.returncode == 0, done.stderr
    return shlex.split(done.stdout.splitlines()[-1])


def run_make(*words: str) -> "subprocess.CompletedProcess[str]":
    command, environment = ("make", "--dry-run", *words), make.environment()
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


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
    spelled = {FLAGS[flag] for flag in re.findall(r"--[a-z-]+", error) if flag != "--help"}
    assert {each for each in spelled if f"(make: {each}=)" not in error} == set()


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("dashboards SET=toolhive", "SET= is now VARIANT="),
        ("import ROAD=direct-scrape", "ROAD= is now INGESTION="),
        ("demo ACRH=hybrid", "ACRH= is not a variable of this Makefile; did you mean ARCH=?"),
        ("demo ZZ=1", "ZZ= is not a variable of this Makefile: make lists those"),
        ("demo VIEW=tall", "VIEW=tall: leave it out, or write VIEW=plain"),
        ("watch VIEW=tall", "VIEW=tall: leave it out, or write VIEW=plain"),
        ("up CLUSTER=kinf", "CLUSTER=kinf: leave it out, or write CLUSTER=kind"),
        ("demo LOGS=loki", "LOGS=loki: use on or off"),
        ("demo ONCE=2", "ONCE=2: use on or off"),
        ("up YES=y", "YES=y: use on or off"),
        ("wheel COMPILED=x", "COMPILED=x: use on or off"),
        ("dashboards NATIVE_HISTOGRAMS=x", "NATIVE_HISTOGRAMS=x: use on or off"),
    ],
)
def test_an_unknown_variable_or_value_is_refused_with_what_is_right(given: str, line: str) -> None:
    refused = run_make(*given.split())

    assert refused.returncode == 2
    assert line in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        ("demo LOGS={}", "--logs"),
        ("demo ONCE={}", "--once"),
        ("up YES={}", "--yes"),
        ("dashboards NATIVE_HISTOGRAMS={}", "--native-histograms"),
    ],
)
def test_a_switch_is_on_or_off_by_any_usual_word(words: str, flag: str) -> None:
    for on in ("1", "on", "yes", "true"):
        assert flag in recipe(words.format(on))
    for off in ("0", "off", "no", "false", ""):
        assert flag not in recipe(words.format(off))


def test_every_variable_of_these_targets_is_tried() -> None:
    """Only Prometheus lists its servers: tests/lab/preview/test_live.py tests another."""
    tried = set(re.findall(r"([A-Z_]+)=", " ".join(MISTAKES)))

    assert set(FLAGS.values()) - tried == {"SERVER"}
