"""The run of every test, on a folder of a few scripted ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[1]
SETTINGS = "[pytest]\nmarkers =\n    alone: after the others\n"
FIRST_TIME = """
from pathlib import Path

import pytest


def test_first():
    before = Path("before")
    again = before.exists()
    before.touch()
    assert again


def test_other():
    with open("others", "a") as others:
        others.write("x")


@pytest.mark.alone
def test_alone():
    assert Path("before").exists()
    Path("alone").touch()
"""
ALWAYS = "\n\ndef test_always():\n    assert False\n"
MANY = "\n".join(f"\n\ndef test_{each}():\n    assert False\n" for each in range(6))


def run(folder: Path, tests: str) -> tuple[int, str]:
    (folder / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    (folder / "test_scripted.py").write_text(tests, encoding="utf-8")
    search = {"PYTHONPATH": str(REPOSITORY)}
    command = (sys.executable, "-m", "tests.run_all")
    inherited = {name: each for name, each in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=folder, env=inherited | search, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout


def test_a_test_that_fails_beside_others_runs_again_alone(tmp_path: Path) -> None:
    cache = tmp_path / ".pytest_cache/v/cache"
    cache.mkdir(parents=True)
    of_before = {f"test_scripted.py::test_gone_{each}": True for each in range(6)}
    (cache / "lastfailed").write_text(json.dumps(of_before), encoding="utf-8")

    code, said = run(tmp_path, FIRST_TIME)

    assert code == 0
    assert "1 failed beside other tests; running them again alone" in said
    named = "failed beside other tests and passed alone, to be mended: "
    assert said.splitlines()[-1] == f"{named}test_scripted.py::test_first"
    assert (tmp_path / "others").read_text(encoding="utf-8") == "x"
    assert (tmp_path / "alone").exists()


def test_a_test_that_fails_twice_fails_the_run(tmp_path: Path) -> None:
    code, said = run(tmp_path, FIRST_TIME + ALWAYS)

    assert code == 1
    assert "2 failed beside other tests" in said
    assert (tmp_path / "alone").exists()


def test_many_failures_are_no_matter_of_a_busy_machine(tmp_path: Path) -> None:
    code, said = run(tmp_path, FIRST_TIME + MANY)

    assert code == 1
    assert "beside other tests" not in said
