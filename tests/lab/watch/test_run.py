"""`python -m lab.watch` without a demo."""

from pathlib import Path

import pytest

from lab.watch.run import main


@pytest.mark.parametrize("arguments", [(), ("--plain",)])
def test_without_a_demo_there_is_nothing_to_watch(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, tmp_path) == 2
    printed = capsys.readouterr()
    assert printed.err == "watch: no demo is running here: start `make demo`\n"
    assert printed.out == ""
