"""What a stack file says before Pulumi reads it; each mistake is one line."""

import pytest

from stacks.commands import up
from stacks.commands.programs import UsageError
from tests.stacks.commands.conftest import STACK
from tests.stacks.commands.stand_ins import StandIns


def refused(stand_ins: StandIns, *arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        up.main(arguments, stand_ins.environ, stand_ins.root)
    return str(caught.value)


def test_a_stack_without_a_file_is_refused_with_those_there_are(stand_ins: StandIns) -> None:
    assert refused(stand_ins, "mine") == (
        "STACK=mine: there is no stacks/Pulumi.mine.yaml; there are: otel-scrape"
    )
    assert "; did you mean otel-scrape? there are: " in refused(stand_ins, "otel-scarpe")


@pytest.mark.parametrize(
    ("content", "arguments", "line"),
    [
        (
            "config: {kubernetes:context: other}",
            (STACK, "--kind"),
            "kubernetes:context names a cluster: remove it from the stack file to use kind",
        ),
        ("[]", (STACK,), f"STACK={STACK}: stacks/Pulumi.{STACK}.yaml is not a stack file"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    stand_ins: StandIns, content: str, arguments: tuple[str, ...], line: str
) -> None:
    (stand_ins.root / "stacks" / f"Pulumi.{STACK}.yaml").write_text(content)
    assert refused(stand_ins, *arguments) == line
