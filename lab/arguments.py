"""An argument parser whose errors are one line, and types of its options."""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import NoReturn

from proxy.suggestions import option_meant


class UsageError(Exception):
    """A usage error: one line that says what is allowed."""


def split_command(arguments: Sequence[str]) -> tuple[Sequence[str], tuple[str, ...] | None]:
    """The options, and the command after `--`; None without `--`."""
    if "--" not in arguments:
        return arguments, None
    end = list(arguments).index("--")
    return arguments[:end], tuple(arguments[end + 1 :])


def only_target(url: str | None, server: str | None, command: tuple[str, ...] | None) -> None:
    """Raise UsageError if more than one of them is given."""
    if sum(each is not None for each in (url, server, command)) > 1:
        raise UsageError("give one of --url (make: URL=), --server (make: SERVER=), -- COMMAND")


def whole_number(least: int, most: float = math.inf) -> Callable[[str], int]:
    """The type of an option with a number from `least` to `most`."""
    end = "on" if most == math.inf else f"to {most:.0f}"

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} {end}")
        return int(text)

    return parse


def seconds(most: float, least: float = 0.001) -> Callable[[str], float]:
    """The type of an option with a number of seconds from `least` to `most`."""

    def parse(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = -1.0
        if not least <= found <= most:
            allowed = f"a number of seconds from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return found

    return parse


class Parser(argparse.ArgumentParser):
    """Raises UsageError; accepts no abbreviated options."""

    def __init__(
        self,
        *,
        prog: str,
        description: str | None = None,
        epilog: str = "",
        make: tuple[str, ...] = (),
    ) -> None:
        """`epilog` is printed after the options as it is.

        `make` are the variables of the Makefile whose option has the same name in lower case.
        """
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._make = make

    def error(self, message: str) -> NoReturn:
        for each in self._make:
            option = f"--{each.lower()}"
            message = message.replace(f"argument {option}:", f"{option} (make: {each}=):")
        hint = option_meant(message, self._option_string_actions)
        raise UsageError(f"{message}; {hint}see {self.prog} --help")
