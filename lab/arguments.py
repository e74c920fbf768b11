"""Command lines whose mistakes are one line: what is wrong, and what to do."""

import argparse
from typing import NoReturn


class UsageError(Exception):
    """The user asked for what cannot be; one line that says what can."""


class Parser(argparse.ArgumentParser):
    """Raises UsageError for a mistake; knows options by their full names only."""

    def __init__(self, *, prog: str, description: str | None = None, epilog: str = "") -> None:
        """`epilog` ends the help, its lines as they are."""
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")
