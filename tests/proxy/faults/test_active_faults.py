"""What a file of faults says, as one server has and reports it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from proxy.faults import names
from proxy.faults.active_faults import LOOK_SECONDS, MOST_REPORTED, ActiveFaults
from proxy.faults.injections import Faults, Injection, Reported


def test_a_fault_that_is_on_is_reported_however_many_were_on_meanwhile(tmp_path: Path) -> None:
    path, aside = tmp_path / "faults.json", tmp_path / "aside"
    reports: list[Mapping[Reported, int]] = []
    active = ActiveFaults(path, "mine", over_http=False, on_change=reports.append)
    for each in range(1, MOST_REPORTED + 20):
        levels = ((names.HANG, "100%"), (names.LATENCY, f"{each}ms"))
        injections = tuple(Injection(fault, level, "mine", 0.0) for fault, level in levels)
        aside.write_bytes(msgspec.json.encode(Faults(injections)))
        aside.replace(path)
        active.tick(each * LOOK_SECONDS)
        on = {reported for reported, value in reports[-1].items() if value}
        assert on == set(levels)
        assert len(reports[-1]) <= MOST_REPORTED
    assert len(reports) == each
