"""Check each hop in order, and report: the command."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.arguments import UsageError
from lab.doctor.call import MarkedCall
from lab.doctor.hops import CHECKS, Examination, Lost
from lab.doctor.options import Hops, parse
from lab.prometheus_api import Prometheus


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen at a hop, and what to do about it; `fix` is "" where nothing is lost."""

    hop: str
    saw: str
    fix: str = ""

    def __str__(self) -> str:
        if not self.fix:
            return f"ok    {self.hop}: {self.saw}"
        return f"lost  {self.hop}: {self.saw}\n      to do: {self.fix}"


def examine(hops: Hops) -> Iterator[Finding]:
    """The finding of each hop up to the first that lost the call."""
    call = MarkedCall(hops.mcp, hops.token, hops.wait)
    given = Examination(hops, call, Prometheus(hops.prometheus))
    try:
        for hop, check in CHECKS.items():
            try:
                yield Finding(hop, check(given))
            except Lost as lost:
                yield Finding(hop, lost.saw, lost.fix)
                return
    finally:
        call.end()


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 nothing is lost, 1 a hop lost the call, 2 usage error."""
    try:
        hops = parse(arguments)
    except UsageError as mistake:
        print(f"doctor: {mistake}", file=sys.stderr)
        return 2
    print(f"server {hops.server} at {hops.mcp}", flush=True)
    lost = False
    for finding in examine(hops):
        print(finding, flush=True)
        lost = lost or bool(finding.fix)
    return 1 if lost else 0
