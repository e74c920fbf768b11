"""The bench refuses to run without its programs; its arithmetic is checked on known runs."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import document, machine, nginx, profile, report
from tests.bench.footprint import Idle
from tests.bench.load import Answered
from tests.bench.marks import MARKS, Mark
from tests.bench.programs import Failed, Missing, Programs, find
from tests.bench.results import Results, p50
from tests.bench.saturation import Measured, compare
from tests.bench.subjects import LARGE, OFF, PACED, SMALL, Direct, Nginx, Ours


def run(calls: int, cpu_micro: float, busy: float = 0.99) -> Measured:
    return Measured(Answered(calls, 2.0, 0.001, 0.005), cpu_micro / 1e6, busy)


def rounds(nginx: list[Measured], ours: list[Measured]) -> Results:
    return Results(saturation={Nginx(): nginx, Ours(telemetry=OFF): ours})


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
    results = rounds(
        [run(200, 20), run(200, 40), run(200, 30)], [run(100, 40), run(100, 80), run(100, 90)]
    )
    nginx, ours = report.saturation(results, SMALL).splitlines()[2:]
    assert nginx == "| nginx | 100 | 30.0 us | 1.00 | 1.00 ms | 5.00 ms | 99% | - |"
    assert ours.endswith(", telemetry off | 50 | 80.0 us | 2.00 | 1.00 ms | 5.00 ms | 99% | - |")


def test_what_kept_a_subject_from_saturation_is_said() -> None:
    short = replace(run(100, 40, busy=0.5), idle=0.2)
    (line,) = report.bottlenecks(rounds([run(200, 20)], [short]))
    assert line.startswith("proxy, HTTP to HTTP, telemetry off (200B): not saturated")
    assert "20% of its core was idle" in line
    assert "30% went to other work" in line


def test_what_a_proxy_adds_is_taken_within_each_round() -> None:
    direct = [Answered(9, 1.0, 0.001, 0.002), Answered(9, 1.0, 0.005, 0.006)]
    ours = [Answered(9, 1.0, 0.002, 0.003), Answered(9, 1.0, 0.006, 0.009)]
    assert Results(latency={Direct(): direct, Ours(): ours}).added(Ours(), p50) == pytest.approx(
        0.001
    )


@pytest.mark.parametrize(
    ("at_least", "value", "met"),
    [(False, 2.0, True), (False, 2.1, False), (True, 2.0, True), (True, 1.9, False)],
)
def test_a_mark_is_met_on_its_own_side_of_the_limit(
    *, at_least: bool, value: float, met: bool
) -> None:
    mark = Mark("m", 2.0, "x", lambda _: value, "why", at_least)
    assert mark.met(Results()) is met
    assert ("**not met**" in mark.row(Results())) is not met


def full() -> Results:
    """What a full bench finds, the same for all."""
    return Results(
        saturation=dict.fromkeys((*SMALL, *LARGE), [run(200, 20)]),
        latency={
            each: [Answered(9, 1.0, number / 1000, number / 500)]
            for number, each in enumerate(PACED)
        },
        idle=Idle(10_000, 30_000_000, 80_000_000),
        connected=Idle(10_000, 30_000_000, 60_000_000),
        start_seconds=0.7,
        shares={"kernel": 60.0},
    )


def test_every_mark_is_drawn_from_what_a_full_bench_measures() -> None:
    assert all(mark.row(full()).count("|") == 5 for mark in MARKS)


def test_the_document_holds_every_table_and_why_a_mark_is_missed() -> None:
    programs = Programs(nginx="true", wrk="", taskset="", cc="", load_core=0, tested_core=1)
    text = document.write(full(), programs, 3, 5, 600.0)
    assert "| idle session, its client gone | at most 4 kB | 5 kB | **not met** |" in text
    assert "| idle session, its client connected | at most 4 kB | 3 kB | met |" in text
    assert "\n- start to ready: most of it is imports" in text
    assert "| kernel | 60 % |" in text
    assert all(each.name in text for each in (*SMALL, *LARGE, *PACED))
    assert "$" not in text


@pytest.mark.parametrize("size", nginx.SIZES.values())
def test_the_upstreams_answer_has_the_size_it_is_called_by(size: int) -> None:
    answer = nginx.answer(size)
    assert len(answer) == size
    assert json.loads(answer)["result"]["isError"] is False


def test_shares_of_cpu_time_are_added_up_by_part() -> None:
    lines = ("# Overhead", "    59.63%  [kernel.kallsyms]", "     3.08%  libpython3.11.so.1.0")
    assert profile.read("\n".join((*lines, "     1.00%  python3.11"))) == {
        "kernel: sockets, TCP over loopback, waking the peers": 59.63,
        "the Python interpreter and its objects": 4.08,
    }


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


def test_memory_of_a_process_is_read() -> None:
    now, most = machine.memory(os.getpid()), machine.peak_memory(os.getpid())
    assert now > 1_000_000
    assert now <= most + 1_000_000
