"""python -m dashboards: a wrong command line is one line that says what is allowed."""

import pytest

from tests.dashboards.command import SCRAPED, run


def test_help_names_what_is_written() -> None:
    done = run("--help")

    assert done.returncode == 0
    for folder in ("dashboards/*.json", "rules/*.yaml", "manifests/*.yaml"):
        assert f"OUT/{folder}" in done.stdout


UNKNOWN_VARIANT = '"mine" is not a variant; choose unified or toolhive\n'
NO_PATH = "variant toolhive needs --ingestion (make: INGESTION=), one of direct-scrape, "
UNKNOWN_PATH = '"kafka" is not an ingestion path; choose direct-scrape, static-scrape, '
TOO_OLD = '"0.3.4" is too old; the oldest supported ToolHive is 0.3.5\n'
NO_VERSION = '"latest" is not a version of ToolHive, such as 0.44.0'
VERSION = "--toolhive-version"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "the following arguments are required: OUT; see"),
        (("--wide", "x"), "unrecognized arguments: --wide; see"),
        (("--varaint=x", "x"), "unrecognized arguments: --varaint=x; did you mean --variant? see"),
        (("x", "y"), "unrecognized arguments: y; see"),
        (("x", "--datasource", "a b"), 'argument --datasource: "a b" is not a uid: 1'),
        (("x", "--folder", "a/b"), 'argument --folder: "a/b" is not a folder: 1 to 99'),
        (("x", "--folder", ""), 'argument --folder: "" is not a folder: 1 to 99'),
        (("x", "--namespace", "A"), 'argument --namespace: "A" is not a namespace: 1'),
        (("x", "--thresholds", "no.yaml"), 'thresholds: cannot read "no.yaml": No'),
        (
            ("x", "--cluster-label", "a-b"),
            'cluster label "a-b": it must be a label',
        ),
        (("x", "--cluster-label", "server"), 'cluster label "server": series carry'),
        (("x", "--rules-per-group", "0"), 'rules per group "0" is not a number from 1'),
        (("x", "--runbook-prefix", "docs"), 'runbook prefix "docs" is not a URL, such as'),
        (("x", "--dashboard-prefix", "https://a:b@g"), "dashboard prefix contains a password"),
        (("",), "argument OUT: empty; give a folder; see"),
        (("x", "--set", "toolhive"), "--set is now --variant\n"),
        (("x", "--road=otel-scrape"), "--road is now --ingestion\n"),
        (("import", "--road", "x"), "--road is now --ingestion\n"),
        (("x", "--variant", "mine"), UNKNOWN_VARIANT),
        (("x", "--variant", "unifed"), '"unifed" is not a variant; did you mean unified? choose'),
        (("x", "--variant", "toolhive"), NO_PATH),
        (("x", "--ingestion", "a"), 'ingestion path "a" is only for variant toolhive\n'),
        (("x", VERSION, "1"), 'ToolHive version "1" is only for variant toolhive\n'),
        (("x", "--logs", "elastic"), '"elastic" is not a log store; choose loki or victorialogs\n'),
        (("x", *SCRAPED, "--logs", "loki"), 'log store "loki" is only for variant unified\n'),
        (("x", *SCRAPED[:3], "kafka"), UNKNOWN_PATH),
        (("x", *SCRAPED[:3], "direct"), '"direct" is not an ingestion path; did you mean direct-'),
        (("x", *SCRAPED, VERSION, "0.3.4"), TOO_OLD),
        (("x", *SCRAPED, VERSION, "latest"), NO_VERSION),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: tuple[str, ...], line: str) -> None:
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"dashboards: {line}")
    assert done.stderr.count("\n") == 1
