import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.binaries.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    os.close(machine.started)
