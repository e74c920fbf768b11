"""A build happens once and leaves nothing behind when it fails or is killed."""

import signal

import pytest

from lab.binaries.find import ToolMissing
from tests.lab.binaries.machine import BLOCK, COMPILE, ETCD, FAIL, PATIENCE_SECONDS, Machine


def test_a_failed_build_is_one_line_with_its_log_and_leaves_no_binary(machine: Machine) -> None:
    machine.put_go(FAIL)
    with pytest.raises(ToolMissing) as missing:
        machine.ensure("etcd")
    line = str(missing.value)
    log = machine.cache / "etcd.log"
    assert f"go build ended with 1: go: no such module (all of it: {log})" in line
    assert "\n" not in line
    assert log.read_text() == "go: no such module\n"
    assert machine.leftovers() == []


def test_a_cache_that_cannot_be_written_is_one_line(machine: Machine) -> None:
    machine.put_go()
    (machine.folder / "cache").write_text("a file where the folder should be")
    with pytest.raises(ToolMissing, match="the cache cannot be written"):
        machine.ensure("etcd")


def test_after_a_killed_build_no_binary_is_found_and_the_next_run_succeeds(
    machine: Machine,
) -> None:
    machine.put_go(BLOCK)
    with machine.run("etcd") as killed:
        machine.await_build()
        killed.kill()
    machine.await_end_of_go()
    assert machine.find("etcd") is None
    machine.put_go()
    built = machine.ensure("etcd")["etcd"]
    assert machine.leftovers() == [built.parent.name, built.name]


def test_an_interrupt_ends_go_and_its_compilers_and_cleans_up(machine: Machine) -> None:
    machine.put_go(COMPILE)
    with machine.run("etcd") as interrupted:
        machine.await_build()
        interrupted.send_signal(signal.SIGINT)
        _, errors = interrupted.communicate(timeout=PATIENCE_SECONDS)
    machine.await_end_of_go()
    assert interrupted.returncode == 130
    assert "Traceback" not in errors
    assert machine.leftovers() == []


def test_concurrent_runs_build_once_and_the_second_reports_that_it_waits(machine: Machine) -> None:
    machine.put_go(BLOCK)
    with machine.run("etcd") as first:
        machine.await_build()
        with machine.run("etcd") as second:
            assert second.stderr is not None
            assert second.stderr.readline() == "waiting for another run that is building etcd\n"
            machine.open_gate()
            tables = [run.communicate(timeout=PATIENCE_SECONDS)[0] for run in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert [str(ETCD.binary(machine.cache)) in table for table in tables] == [True, True]
    assert machine.builds() == 1


def test_a_build_does_not_remove_that_of_a_tool_with_a_longer_name(machine: Machine) -> None:
    machine.put_go(BLOCK)
    with machine.run("prometheus-operator") as first:
        machine.await_build()
        machine.put_go()
        machine.ensure("prometheus")
        machine.open_gate()
        _, errors = first.communicate(timeout=PATIENCE_SECONDS)
    assert first.returncode == 0, errors
