"""The demo's cost as documented is what the bench writes, and within what was promised."""

import re

from stacks.architectures import ARCHITECTURES
from tests.bench.demo import MIB, PAGE, Cost, table

UP_SECONDS, MEBIBYTES = 15, 1536

_ROW = re.compile(r"^\| `([a-z-]+)` \| ([\d.]+) s \| (\d+) s \| (\d+) MiB \|$", re.MULTILINE)


def test_the_documented_cost_is_within_the_promise() -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert [name for name, *_ in rows] == list(ARCHITECTURES)
    assert all(float(up) < UP_SECONDS for _, up, _, _ in rows)
    assert all(int(memory) < MEBIBYTES for *_, memory in rows)


def test_the_table_is_in_the_form_that_is_documented() -> None:
    assert _ROW.findall(table([Cost("hybrid", 6.25, 18.4, 320 * MIB)])) == [
        ("hybrid", "6.2", "18", "320")
    ]
