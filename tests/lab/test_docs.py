"""`python -m lab.docs` refuses arguments that it does not know."""

import pytest

from lab.docs import main


@pytest.mark.parametrize("unknown", ["--foo", "--chec", "README.md"])
def test_an_unknown_argument_is_refused_in_one_line(
    unknown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([unknown]) == 2
    program = "python -m lab.docs"
    line = f"{program}: unrecognized arguments: {unknown}; see {program} --help\n"
    assert capsys.readouterr().err == line
