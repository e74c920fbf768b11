"""An argument parser whose errors are one line."""

import argparse
from typing import NoReturn


class UsageError(Exception):
    """A usage error: one line that says what is allowed."""


class Parser(argparse.ArgumentParser):
    """Raises UsageError; accepts no abbreviated options."""

    def __init__(self, *, prog: str, description: str | None = None, epilog: str = "") -> None:
        """`epilog` is printed after the options as it is."""
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")
