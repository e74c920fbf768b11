"""The process family is read from /proc, where there is one."""

import os
import time
from pathlib import Path

import psutil

from proxy.telemetry import process
from tests.waiting import until


def test_the_process_is_described_as_psutil_describes_it() -> None:
    use = process.read()
    assert use is not None
    own = psutil.Process()
    assert abs(use.resident_bytes - own.memory_info().rss) < 16 * 1024 * 1024
    assert abs(use.start_unix_seconds - own.create_time()) < 2
    assert 0 < use.cpu_seconds <= time.process_time()


def test_open_files_are_counted() -> None:
    until(one_more_is_counted, seconds=30, what="no other thread opens or closes one meanwhile")


def one_more_is_counted() -> bool:
    before = process.read()
    descriptor = os.open(os.devnull, os.O_RDONLY)
    after = process.read()
    os.close(descriptor)
    assert before is not None
    assert after is not None
    return after.open_files == before.open_files + 1


def test_a_system_without_proc_has_no_process_family(tmp_path: Path) -> None:
    assert process.read(tmp_path) is None
