"""Which faults a pipeline can have."""

import pytest

from lab.faults.catalogue import FAULTS
from lab.faults.fault import Fault
from lab.faults.fault_test import possible
from stacks.architectures import ARCHITECTURES


@pytest.mark.parametrize("fault", FAULTS.values(), ids=str)
def test_every_fault_is_possible_somewhere(fault: Fault) -> None:
    assert any(possible(fault, each) for each in ARCHITECTURES.values())
