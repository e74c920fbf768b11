"""The bench refuses to run without its programs; its arithmetic is checked on known runs."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import machine, report
from tests.bench.load import Answered
from tests.bench.programs import Failed, Missing, find
from tests.bench.subjects import Measured, compare


def run(calls: int, cpu_micro: float, busy: float = 0.99) -> Measured:
    return Measured(Answered(calls, 2.0, 0.001, 0.005), cpu_micro / 1e6, busy)


def test_a_missing_program_is_one_line_with_its_package_and_exit_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "apt-get install" in line


def test_the_package_of_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="apt-get install"):
        find(str(tmp_path))


def test_the_table_shows_medians_and_the_ratio_to_nginx_round_by_round() -> None:
    results = {
        "nginx": [run(200, 20), run(200, 40), run(200, 30)],
        "proxy": [run(100, 40), run(100, 80), run(100, 90)],
    }
    rows = report.table(results, "nginx").splitlines()[2:]
    assert rows == [
        "| nginx | 100 | 30.0 us | 1.00 | 1.00 ms | 5.00 ms | 99% | - |",
        "| proxy | 50 | 80.0 us | 2.00 | 1.00 ms | 5.00 ms | 99% | - |",
    ]


def test_what_kept_a_subject_from_saturation_is_said() -> None:
    short = replace(run(100, 40, busy=0.5), idle=0.2)
    nginx, proxy = report.notes({"nginx": [run(200, 20)], "proxy": [short]})[-2:]
    assert nginx == "nginx: saturated, so the generator was not the bottleneck"
    assert "20% of its core was idle" in proxy
    assert "30% went to other work" in proxy


def test_the_idle_time_of_a_core_is_read() -> None:
    core = machine.cores()[0]
    assert 0 < machine.idle_seconds(core) <= machine.idle_seconds(core)


@pytest.mark.parametrize("counted", [99, 165])
def test_a_proxy_that_counts_other_calls_than_the_load_is_an_error(counted: int) -> None:
    with pytest.raises(Failed, match="wrk counted 100 calls"):
        compare(Answered(100, 1.0, 0.0, 0.0), counted)


def test_cpu_time_of_a_process_is_read() -> None:
    before = machine.cpu_seconds(os.getpid())
    used = sum(number * number for number in range(2_000_000))
    assert used
    assert 0 < machine.cpu_seconds(os.getpid()) - before < 10
