"""The command that renews the README takes nothing that it does not know."""

import pytest

from lab.readme import main


@pytest.mark.parametrize("unknown", ["--foo", "--chec", "README.md"])
def test_what_it_does_not_know_is_refused_in_one_line(
    unknown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([unknown]) == 2
    program = "python -m lab.readme"
    said = f"{program}: unrecognized arguments: {unknown}; see {program} --help\n"
    assert capsys.readouterr().err == said
