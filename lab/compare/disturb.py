"""Cause an outage in all pipelines of a trial, and end it."""

import time
from collections.abc import Iterator, Sequence

from lab.background import Background
from lab.compare.checked_wait import CheckedWait
from lab.compare.hops import BACK_END_HOPS, Hop
from lab.compare.member import Member
from lab.compare.outages import Outage
from lab.local.pipeline import launch_together
from lab.local.processes import Processes
from lab.local.programs import ProcessSpec


def disturb(
    members: Sequence[Member],
    outage: Outage,
    seconds: float,
    wait: CheckedWait,
    background: Background,
) -> None:
    """The outage from its beginning to its end."""
    if outage.at_once:
        launch_together(_restarts(members, outage, wait))
        for each in members:
            each.up = time.time()
    elif outage.process:
        for each in members:
            if outage.forgets:
                _keep_spans(each, background)
            _stop(each, outage)
            background.run(each.restore())
        launch_together(_starts(members, outage, seconds, wait))
    else:
        for each in members:
            background.run(each.cut(BACK_END_HOPS))
            each.down = time.time()
        for each in members:
            wait.until(each.down + seconds)
            background.run(each.restore())
            each.up = time.time()


def _keep_spans(member: Member, background: Background) -> None:
    """Read all that Jaeger has, while it gets no more; what is held back is sent again later."""
    background.run(member.cut({Hop.SPANS}))
    member.collect_spans()


def _stop(member: Member, outage: Outage) -> None:
    member.processes.stop(member.spec(outage).name)
    member.down = time.time()


def _restarts(
    members: Sequence[Member], outage: Outage, wait: CheckedWait
) -> Iterator[tuple[ProcessSpec, Processes]]:
    """The processes to start, each stopped just before."""
    for each in members:
        wait.until(each.between_scrapes())
        _stop(each, outage)
        yield each.spec(outage), each.processes


def _starts(
    members: Sequence[Member], outage: Outage, seconds: float, wait: CheckedWait
) -> Iterator[tuple[ProcessSpec, Processes]]:
    """The processes to start, each when it has been stopped for so long."""
    for each in members:
        wait.until(each.down + seconds)
        each.up = time.time()
        yield each.spec(outage), each.processes
