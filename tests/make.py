"""The environment of a make that is not part of `make test`."""

import os

_OWN = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
"""What make passes to its children: its options, variables and depth."""


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OWN}
