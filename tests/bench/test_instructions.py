"""What callgrind writes is read, and the functions that are looked for are in the source."""

import re
import subprocess
import sys
from pathlib import Path

from proxy.frontend.client_identifier import ClientIdentifier
from proxy.telemetry.ledger import Ledger
from tests.bench.instructions import ATTRIBUTION, collected, inclusive, row
from tests.bench.ours import ROOT

DUMP = """\
version: 1
events: Ir

fn=(1) main
3 100
cfn=(2) leaf
calls=2 5
3 40
cfn=(3) CPyDef_ledger___Ledger___record_caller
calls=1 7
4 30

fn=(3)
7 10
cfn=(2)
calls=1 5
7 20

totals: 170
"""


def test_the_instructions_of_a_dump_are_its_totals() -> None:
    assert collected(DUMP) == 170


def test_a_function_counts_with_all_that_it_calls() -> None:
    assert inclusive(DUMP, re.compile("leaf")) == 60
    assert inclusive(DUMP, ATTRIBUTION) == 30


def test_the_functions_of_attribution_have_the_names_that_the_compiler_makes() -> None:
    for method in (ClientIdentifier.identify, Ledger.record_caller):
        kind, name = method.__qualname__.split(".")
        module = method.__module__.rpartition(".")[2]
        assert ATTRIBUTION.fullmatch(f"CPyDef_{module}___{kind}___{name}")


def test_attribution_is_a_share_of_user_space() -> None:
    assert row(10_000, 500, 0.4) == ("10,000", "500 (5.0%)", "40%", "2.0%")


def test_without_its_programs_it_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.instructions"],
        env={"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("instructions: ")
