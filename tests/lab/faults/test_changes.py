"""The file of faults is complete at any time, also when several programs change it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from lab.faults.changes import FAULTS_FILE, applied, change, write_applied
from proxy.faults.injections import NO_FAULTS, Faults, Injection, read

ONE = Injection("hang", "100%", "echo-http", 1.0)


def adding(injection: Injection, path: Path) -> Faults:
    return change(path, lambda faults: Faults((*faults.injections, injection)))


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / FAULTS_FILE
    wanted = [msgspec.structs.replace(ONE, server=f"s{each}") for each in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: adding(each, path), wanted))
    assert set(read(path).injections) == set(wanted)


def test_a_writer_that_is_killed_changes_nothing_and_holds_up_no_other(tmp_path: Path) -> None:
    path = tmp_path / FAULTS_FILE
    adding(ONE, path)
    program = f"""
import pathlib, time
from lab.faults.changes import change
from proxy.faults.injections import NO_FAULTS
def slowly(faults):
    print("changing", flush=True)
    time.sleep(600)
    return NO_FAULTS
change(pathlib.Path({str(path)!r}), slowly)
"""
    with subprocess.Popen((sys.executable, "-c", program), stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"changing\n"
        writer.kill()
    assert read(path).injections == (ONE,)
    assert adding(ONE, path).injections == (ONE, ONE)


def test_what_the_demo_has_to_end_is_noted_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / FAULTS_FILE
    write_applied(path, [ONE])
    assert applied(path) == (ONE,)
    assert read(path) == NO_FAULTS
