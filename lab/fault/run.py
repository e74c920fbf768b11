"""Switch faults on and off in a running demo, or in a stack on a cluster."""

from __future__ import annotations

import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import msgspec

from lab import signals
from lab.arguments import Parser, UsageError, seconds, whole_number
from lab.faults import live
from lab.faults.catalogue import CLUSTER_FAULTS, LIVE_FAULTS
from lab.faults.cluster.place import cluster_place
from lab.faults.fault import LEVEL
from lab.faults.place import Place, demo_place
from proxy.faults.injections import MYSTERY, Faults, Injection
from stacks.cluster_api import Unreachable

LONGEST_SECONDS = 86400.0

_ACTIONS = ("list", "status", "reset", "reveal")
_OPTIONS = {
    "level": LEVEL,
    "server": live.SERVER,
    "seconds": "--seconds (make: SECONDS=)",
    "seed": "--seed (make: SEED=)",
}
_ALLOWED: dict[str, tuple[str, ...]] = {
    MYSTERY: ("seed", "seconds"),
    **dict.fromkeys(_ACTIONS, ()),
}
"""The options of what is not a fault."""

_EPILOG = """\
list            the faults, what each does and its levels
status          the faults that are on
reset [NAME]    end this fault, or all, and wait until everything runs again
mystery         with --seed N: a fault that follows from the seed, and is not named
reveal          name the last mystery"""


def parse(arguments: Sequence[str]) -> Namespace:
    """Raises UsageError."""
    variables = ("SECONDS", "SEED")
    parser = Parser(prog="python -m lab.fault", description=__doc__, epilog=_EPILOG, make=variables)
    parser.add_argument(
        "action", metavar="NAME", nargs="?", default="list", help="a fault of `list`, or see below"
    )
    parser.add_argument("name", metavar="FAULT", nargs="?", help="of reset: the fault to end")
    parser.add_argument("--level", help="how strong the fault is; `list` has the defaults")
    parser.add_argument("--server", metavar="NAME", help="default: the first that can have it")
    time_help = "end it after this time; default: at reset"
    parser.add_argument("--seconds", type=seconds(LONGEST_SECONDS), metavar="N", help=time_help)
    parser.add_argument("--seed", type=whole_number(0), metavar="N", help="of mystery: any number")
    parser.add_argument("--stack", metavar="NAME", help="a stack of stacks/, on its cluster")
    given = parser.parse_args(arguments)
    if given.name is not None and given.action != "reset":
        raise UsageError(f'"{given.name}": one name only; see python -m lab.fault --help')
    if given.action not in (*_ACTIONS, MYSTERY):
        live.live_fault(given.action)
    _check_options(given)
    return given


def _check_options(given: Namespace) -> None:
    allowed = _ALLOWED.get(given.action, ("level", "server", "seconds"))
    for option, text in _OPTIONS.items():
        if getattr(given, option) is not None and option not in allowed:
            raise UsageError(f"{text}: not for {given.action}; leave it out")
    if given.action == MYSTERY and given.seed is None:
        raise UsageError(f"mystery needs {_OPTIONS['seed']}, any number from 0 on")


def run(given: Namespace) -> str:
    """What to print. Raises UsageError, and Unreachable where it is about a cluster."""
    if given.action == "list":
        every = CLUSTER_FAULTS if given.stack else LIVE_FAULTS
        return "\n".join(each.line for each in every.values())
    place = demo_place() if given.stack is None else cluster_place(given.stack, os.environ)
    match given.action:
        case "status":
            return _listed(place.read().active(time.time()), time.time())
        case "reset":
            return _reset(place, given.name)
        case "reveal":
            return _revealed(place)
        case _:
            return _start(given, place)


def _start(given: Namespace, place: Place) -> str:
    new = _chosen(given, place)
    place.check(new)
    if given.seconds is None or not place.holds(new):
        unmarked = _begin(place, new)
        return f"on: {_line(new, time.time())}{unmarked}"
    # Nothing else would end it: this command stays, and ends it whatever happens.
    held = msgspec.structs.replace(new, ends=None)
    try:
        unmarked = _begin(place, held)
        print(f"on: {_line(new, time.time())}, or by Ctrl-C{unmarked}", flush=True)
        threading.Event().wait(given.seconds)
    finally:
        with signals.blocked():
            print(_end(place, held.fault, lambda each: each.started == held.started), flush=True)
    return ""


def _chosen(given: Namespace, place: Place) -> Injection:
    """The fault that the user, or the seed, chose. Raises UsageError if it is not possible."""
    if given.action == MYSTERY:
        possible = [each for each in place.faults.values() if not place.why_not(each)]
        fault, server = live.mystery(given.seed, place.servers, possible)
    else:
        fault = place.faults[given.action]
        if reason := place.why_not(fault):
            raise UsageError(reason)
        server = live.affected_server(fault, place.servers, given.server)
    now = time.time()
    ends = None if given.seconds is None else now + given.seconds
    return Injection(fault.name, fault.checked(given.level), server, now, ends, given.seed)


def _begin(place: Place, new: Injection) -> str:
    """Switch a fault on; one that the cluster refuses is not on afterwards.

    Returns a line that says why the boards do not mark it, if they do not.
    """
    place.change(lambda faults: _with(faults, new, time.time()))
    # Before it begins: Prometheus may be what it stops.
    unmarked = _unmarked(place.mark((new,)))
    try:
        place.begin(new)
    except Unreachable:
        with suppress(Unreachable, UsageError):
            _end(place, new.fault, lambda each: each.started == new.started)
        raise
    return unmarked


def _unmarked(reason: str) -> str:
    return f"\nnot marked on the boards: {reason}" if reason else ""


def _with(faults: Faults, new: Injection, now: float) -> Faults:
    """The faults and a new one, in place of the same fault of the same server."""
    others = []
    for each in faults.active(now):
        if (each.fault, each.server) == (new.fault, new.server):
            new = msgspec.structs.replace(new, replaced=each.first_started)
        elif live.conflicts(new, each):
            raise UsageError(f"{new.shown}: {each.shown} is on; reset it first")
        else:
            others.append(each)
    return Faults((*others, new), faults.mystery if new.seed is None else new)


def _reset(place: Place, name: str | None) -> str:
    if name is not None and name != MYSTERY:
        live.known_fault(name)
    return _end(place, name, lambda each: name in (None, each.shown))


def _end(place: Place, name: str | None, ending: Callable[[Injection], bool]) -> str:
    """End some of the faults that are on, and what else is left of the one of the name."""
    now = time.time()
    ended: tuple[Injection, ...] = ()

    def change(faults: Faults) -> Faults:
        nonlocal ended
        active = faults.active(now)
        ended = tuple(filter(ending, active))
        return Faults(tuple(each for each in active if each not in ended), faults.mystery)

    place.change(change)
    others = place.end(name, ended)
    texts = [*(each.text() for each in ended), *others]
    text = "\n".join(f"ended: {each}" for each in texts) or "no fault is on"
    return text + _unmarked(place.mark(ended, time.time()))


def _revealed(place: Place) -> str:
    chosen = place.read().mystery
    if chosen is None:
        raise UsageError("there was no mystery; start one with mystery --seed N")
    fault = place.faults[chosen.fault]
    return f"seed {chosen.seed}: {chosen.text(revealed=True)}: {fault.what}"


def _listed(active: Iterable[Injection], now: float) -> str:
    return "\n".join(_line(each, now) for each in active) or "no fault is on"


def _line(each: Injection, now: float) -> str:
    left = "until reset" if each.ends is None else f"ends in {each.ends - now:.0f} s"
    return f"{each.text()}, {left}"


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 done, 2 a usage error, 130 interrupted."""
    try:
        given = parse(arguments)
        signals.install()
        if text := run(given):
            print(text)
    except UsageError as mistake:
        print(f"fault: {mistake}", file=sys.stderr)
        return 2
    except Unreachable as error:
        print(f"fault: the cluster: {error}", file=sys.stderr)
        return 2
    except signals.Ended as ended:
        return ended.exit_code
    return 0
