"""The command line of a comparison, checked before anything starts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.arguments import Parser, UsageError, seconds, whole_number
from lab.compare.outages import OUTAGES, Outage
from lab.compare.trial import Conditions
from lab.load.output import check_folder, check_writable
from proxy.suggestions import did_you_mean
from stacks.architectures import ARCHITECTURES, Architecture

TEXT, JSON, PLOT = "comparison.md", "comparison.json", "comparison.html"
FILES = (TEXT, JSON, PLOT)

NO_OUTAGE = "none"
MOST_CALLS = 100_000
LONGEST_SECONDS = 600.0

_PURPOSE = "Measure the four architectures side by side: the same calls, the same outages."


@dataclass(frozen=True, slots=True)
class Options:
    """Valid options. `trials` has None for the undisturbed one, which comes first."""

    architectures: tuple[Architecture, ...]
    trials: tuple[Outage | None, ...]
    conditions: Conditions
    out: Path | None
    write: Path | None


def parse(arguments: Sequence[str]) -> Options:
    """Raises UsageError."""
    parser = Parser(prog="python -m lab.compare", description=_PURPOSE, epilog=_outage_list())
    add = parser.add_argument
    selected = "only these, separated by commas (see below); default: all, and the undisturbed run"
    add("--outage", metavar="NAME", help=selected)
    some = "only these, separated by commas; default: all four"
    add("--architecture", metavar="NAME", help=some)
    add(
        "--calls",
        type=whole_number(1, MOST_CALLS),
        default=10_000,
        metavar="N",
        help="of each run; default: 10,000",
    )
    length = "of an outage; the calls take a third longer; default: 60"
    add("--seconds", type=seconds(LONGEST_SECONDS, least=1), default=60.0, metavar="S", help=length)
    add("--seed", type=int, default=1, metavar="N", help="of the calls; default: 1")
    add("--out", type=Path, metavar="FOLDER", help=f"write {', '.join(FILES)} there")
    add("--write", type=Path, metavar="FILE", help="write the result as Markdown there")
    given = parser.parse_args(arguments)
    if given.out is not None:
        check_folder(given.out, FILES)
    if given.write is not None:
        _check_file(given.write)
    return Options(
        _architectures(given.architecture),
        _trials(given.outage),
        Conditions(given.calls, given.seconds, given.seed),
        given.out,
        given.write,
    )


def _outage_list() -> str:
    width = max(map(len, OUTAGES))
    rows = "\n".join(f"  {each.name:<{width}}  {each.what}" for each in OUTAGES.values())
    return f"outages:\n{rows}\n  {NO_OUTAGE:<{width}}  the undisturbed run"


def _architectures(names: str | None) -> tuple[Architecture, ...]:
    if names is None:
        return tuple(ARCHITECTURES.values())
    chosen = dict.fromkeys(names.split(","))
    for name in chosen:
        if name not in ARCHITECTURES:
            hint, known = did_you_mean(name, ARCHITECTURES), ", ".join(ARCHITECTURES)
            raise UsageError(f'"{name}" is not an architecture; {hint}choose from {known}')
    return tuple(ARCHITECTURES[each] for each in chosen)


def _trials(names: str | None) -> tuple[Outage | None, ...]:
    if names is None:
        return (None, *OUTAGES.values())
    chosen = dict.fromkeys(names.split(","))
    known = (*OUTAGES, NO_OUTAGE)
    for name in chosen:
        if name not in known:
            hint = f"{did_you_mean(name, known)}choose {', '.join(known)}"
            raise UsageError(f'--outage (make: OUTAGE=) "{name}" is not an outage; {hint}')
    undisturbed = (None,) if NO_OUTAGE in chosen else ()
    return (*undisturbed, *(OUTAGES[each] for each in chosen if each != NO_OUTAGE))


def _check_file(file: Path) -> None:
    """Raise UsageError unless the file can be written."""
    if file.exists() and not (file.is_file() and os.access(file, os.W_OK)):
        raise UsageError(f'--write "{file}": cannot be written; name another file')
    check_writable("--write", file.parent)
