"""The command line of `python -m lab.tools`."""

from lab.binaries.catalogue import CHART_TOOLS, TOOLS
from tests.lab.binaries.machine import FAIL, PATIENCE_SECONDS, Machine


def test_without_go_the_list_shows_which_tools_need_it(machine: Machine) -> None:
    with machine.run("--list", "etcd", "collector") as run:
        printed, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert [line.partition("-")[2].strip() for line in printed.splitlines()[1:]] == [
        f"needs Go {version} or newer to be built, and that is not on PATH"
        for version in ("1.24.0", "1.25.0")
    ]


def test_an_unknown_name_is_one_line_with_the_known_names(machine: Machine) -> None:
    with machine.run("etcd", "grafana") as run:
        printed, errors = run.communicate(timeout=PATIENCE_SECONDS)
    assert run.returncode == 2
    assert printed == ""
    assert errors == (f"python -m lab.tools: unknown tool 'grafana'; known: {', '.join(TOOLS)}\n")


def test_the_list_builds_nothing(machine: Machine) -> None:
    machine.put_go(FAIL)
    machine.put("etcd", "etcd Version: 3.6.6")
    with machine.run("--list", "etcd", "helm") as run:
        printed, _ = run.communicate(timeout=PATIENCE_SECONDS)
    assert [line.split()[:3] for line in printed.splitlines()] == [
        ["tool", "where", "version"],
        ["etcd", "PATH", "3.6.6"],
        ["helm", "missing", "-"],
    ]


def test_tools_that_only_real_charts_need_are_built_when_they_are_named(machine: Machine) -> None:
    listed = []
    for names in ((), CHART_TOOLS):
        with machine.run("--list", *names) as run:
            printed, _ = run.communicate(timeout=PATIENCE_SECONDS)
        listed.append([line.split()[0] for line in printed.splitlines()[1:]])
    assert listed == [[each for each in TOOLS if each not in CHART_TOOLS], list(CHART_TOOLS)]
