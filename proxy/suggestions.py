"""Suggestions for names and options that are not known."""

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question, and a space, for a name that is close to one of those known; else ""."""
    from difflib import get_close_matches  # late, since only a mistake needs it

    near = get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]}? " if near else ""


def option_meant(message: str, known: Iterable[str]) -> str:
    """`did_you_mean` for the first option in a message of argparse that it does not know."""
    _, _, words = message.partition("unrecognized arguments: ")
    options = (each.partition("=")[0] for each in words.split() if each.startswith("--"))
    return did_you_mean(next(options, ""), known)
