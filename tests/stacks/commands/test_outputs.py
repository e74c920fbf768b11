"""The outputs of a deployed stack."""

import pytest

from stacks.commands import forward
from stacks.commands.programs import Failed
from tests.stacks.commands.conftest import STACK
from tests.stacks.commands.stand_ins import StandIns, add_program


def test_a_stack_without_outputs_is_not_deployed(stand_ins: StandIns) -> None:
    add_program(stand_ins.folder, "kubectl", "")
    stand_ins.write("outputs.json", "{}")
    with pytest.raises(Failed, match=f"has no outputs: deploy it by make up STACK={STACK}"):
        forward.main([STACK], stand_ins.environ, stand_ins.root)
