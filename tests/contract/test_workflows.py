"""The workflows of GitHub: free of faults, and made of what the Makefile has."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.binaries.find import ensure

ROOT = Path(__file__).parents[2]
WORKFLOWS = tuple(sorted((ROOT / ".github" / "workflows").glob("*")))
NAMES = [each.name for each in WORKFLOWS]


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        yield from job["steps"]


@pytest.fixture(scope="module")
def linter() -> Path:
    return ensure(["actionlint"], environ=os.environ)["actionlint"]


def lint(linter: Path, workflow: Path) -> "subprocess.CompletedProcess[str]":
    # Other linters would run if they happened to be installed.
    command = (linter, "-shellcheck=", "-pyflakes=", workflow)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("workflow", WORKFLOWS, ids=NAMES)
def test_the_linter_has_nothing_against_a_workflow(linter: Path, workflow: Path) -> None:
    done = lint(linter, workflow)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
def test_a_workflow_with_a_defect_is_refused(linter: Path, tmp_path: Path) -> None:
    broken = tmp_path / "release.yaml"
    text = (ROOT / ".github" / "workflows" / "release.yaml").read_text()
    broken.write_text(text.replace("needs: wheel\n", "needs: nothing\n"))
    assert "needs job" in lint(linter, broken).stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=NAMES)
def test_every_action_is_pinned_to_a_commit_whose_version_is_reported(workflow: Path) -> None:
    used = re.findall(r"uses: (.*)", workflow.read_text())
    assert len(used) == sum("uses" in step for step in steps(workflow))
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", each) for each in used)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=NAMES)
def test_what_a_workflow_makes_is_a_target(workflow: Path) -> None:
    targets = re.findall(r"^\.PHONY: (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = re.findall(r"\bmake ([a-z-]+)", workflow.read_text())
    assert made
    assert set(made) <= set(targets)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=NAMES)
def test_a_workflow_may_read_and_no_more_unless_a_job_needs_it(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}


def test_every_stage_of_the_image_starts_from_one_base_pinned_by_digest() -> None:
    text = (ROOT / "proxy" / "Dockerfile").read_text()
    assert (
        len(re.findall(r"^ARG PYTHON=python:[\w.-]+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)) == 1
    )
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${PYTHON}"}
