"""What a command says beside its result, which goes to standard output."""

import sys


def say(line: str) -> None:
    """Print a line at once."""
    print(line, file=sys.stderr, flush=True)
