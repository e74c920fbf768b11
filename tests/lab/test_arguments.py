"""Command lines know their options by full names only, and report mistakes in one line."""

import argparse
import subprocess
import sys

import pytest

from lab.arguments import UsageError, only_target, seconds, split_command, whole_number


@pytest.mark.parametrize(
    ("module", "unknown", "hint"),
    [
        ("lab.demo", ("--onc",), "did you mean --once? "),
        ("lab.demo", ("--fualt=server-hangs",), "did you mean --fault? "),
        ("lab.docs", ("--chec",), "did you mean --check? "),
        ("lab.docs", ("README.md",), ""),
        ("lab.doctor", ("--xyz",), ""),
        ("lab.echo", ("--transport", "stdio", "--answer", "sse"), "did you mean --answers? "),
        ("lab.load", ("--sesions=unique",), "did you mean --sessions? "),
        ("lab.preview", ("--sever", "a"), "did you mean --server? "),
        ("lab.tools", ("--lis",), "did you mean --list? "),
        ("lab.watch", ("--plian",), "did you mean --plain? "),
    ],
)
def test_an_unknown_argument_is_refused_in_one_line(
    module: str, unknown: tuple[str, ...], hint: str
) -> None:
    command = (sys.executable, "-m", module, *unknown)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    refused = " ".join(unknown[-2:])
    assert ended.stderr.endswith(
        f": unrecognized arguments: {refused}; {hint}see python -m {module} --help\n"
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("arguments", "options", "command"),
    [
        (["--url", "x"], ["--url", "x"], None),
        (["--seed", "1", "--", "server", "--", "x"], ["--seed", "1"], ("server", "--", "x")),
        (["--"], [], ()),
    ],
)
def test_a_command_is_what_follows_two_hyphens(
    arguments: list[str], options: list[str], command: tuple[str, ...] | None
) -> None:
    assert split_command(arguments) == (options, command)


def test_only_one_target_may_be_given() -> None:
    only_target(None, None, None)
    only_target(None, None, ("server",))
    with pytest.raises(UsageError, match=r"--url .*, --server .*, -- COMMAND"):
        only_target(None, "a", ())


def test_whole_numbers_have_bounds() -> None:
    port = whole_number(1, 65535)

    assert (port("1"), port("65535")) == (1, 65535)
    for text in ("0", "65536", "-1", "1.5", "\u0663", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="is not a number from 1 to 65535"):
            port(text)


def test_seconds_have_bounds() -> None:
    timeout = seconds(3600)

    assert (timeout("0.5"), timeout("3600")) == (0.5, 3600)
    for text in ("0", "3601", "nan", "inf", "x"):
        with pytest.raises(argparse.ArgumentTypeError, match=r"seconds from 0\.001 to 3600"):
            timeout(text)
