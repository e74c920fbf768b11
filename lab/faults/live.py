"""Which of the faults is switched on, and for which server. Pure."""

import random
from collections.abc import Iterable, Sequence

from lab.arguments import UsageError
from lab.faults.catalogue import FAULTS, LIVE_FAULTS
from lab.faults.fault import Fault, Target
from lab.local.running_demo import DemoServer
from proxy.faults.injections import MYSTERY, Injection
from proxy.suggestions import did_you_mean

SERVER = "--server (make: SERVER=)"


def known_fault(name: str, other: str = MYSTERY) -> Fault:
    """The fault of the name; `other` may be given instead. Raises UsageError."""
    if name not in FAULTS:
        known = (*FAULTS, other)
        hint = did_you_mean(name, known)
        raise UsageError(f'"{name}" is not a fault; {hint}choose from {", ".join(known)}')
    return FAULTS[name]


def live_fault(name: str) -> Fault:
    """A fault that can be switched on at any time. Raises UsageError."""
    fault = known_fault(name)
    if name not in LIVE_FAULTS:
        raise UsageError(f"a demo has {name} from its start: make demo FAULT={name}")
    return fault


def affected_server(fault: Fault, servers: Sequence[DemoServer], name: str | None) -> str:
    """The server of the name, or the first that can have the fault; "" for the pipeline.

    Raises UsageError.
    """
    if fault.target is Target.PIPELINE:
        if name is not None:
            raise UsageError(f"{SERVER} {name}: {fault.name} is of the pipeline; leave it out")
        return ""
    able = [each.name for each in servers if fault.affects(each)]
    if name is None and able:
        return able[0]
    if name not in able:
        known = ", ".join(able) or "none here can have it"
        given = "" if name is None else f"{SERVER} {name}: {did_you_mean(name, able)}"
        raise UsageError(f"{given}{fault.name} is for {fault.target}s: {known}")
    return name


def mystery(seed: int, servers: Sequence[DemoServer], faults: Iterable[Fault]) -> tuple[Fault, str]:
    """The one of the faults, and the server, that follow from the seed.

    A demo's own servers come first, since it calls only these. Raises UsageError if none is
    possible.
    """
    servers = [each for each in servers if not each.injects] or servers
    possible = [
        (fault, server)
        for fault in faults
        for server in (
            [""]
            if fault.target is Target.PIPELINE
            else [each.name for each in servers if fault.affects(each)]
        )
    ]
    if not possible:
        raise UsageError("no fault is possible here: there is neither a server nor a part for one")
    return random.Random(seed).choice(possible)


def conflicts(new: Injection, active: Injection) -> bool:
    """Whether a fault cannot be on beside another: two cannot break the same process."""
    ours, theirs = (FAULTS[each.fault] for each in (new, active))
    return bool(ours.part) and ours.part == theirs.part and ours is not theirs
