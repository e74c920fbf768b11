"""What is found at each hop, in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from lab.doctor.call import MarkedCall
from lab.doctor.examination import Examination, Lost, NotDue
from lab.doctor.hops import CHECKS
from lab.doctor.options import Hops
from lab.prometheus_api import Prometheus


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen at a hop, and what to do about it; `fix` is "" where nothing is lost.

    `undetermined` is that the call was not awaited for long enough to say so.
    """

    hop: str
    saw: str
    fix: str = ""
    undetermined: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether the hop lost the call."""
        return bool(self.fix) and not self.undetermined

    def __str__(self) -> str:
        if not self.fix:
            return f"ok    {self.hop}: {self.saw}"
        result = "open" if self.undetermined else "lost"
        return f"{result}  {self.hop}: {self.saw}\n      to do: {self.fix}"


def examine(
    hops: Hops, on_wait: Callable[[str, str], None] = lambda hop, text: None
) -> Iterator[Finding]:
    """The finding of each hop up to the first that lost the call.

    `on_wait` gets the name of a hop that takes long, and what it waits for.
    """
    call = MarkedCall(hops.mcp, hops.token, hops.wait)
    given = Examination(hops, call, Prometheus(hops.prometheus))
    try:
        for hop, check in CHECKS.items():
            given.on_wait = partial(on_wait, hop)
            try:
                yield Finding(hop, check(given))
            except NotDue as later:
                yield Finding(hop, later.saw, later.fix, undetermined=True)
            except Lost as lost:
                yield Finding(lost.hop or hop, lost.saw, lost.fix)
                return
    finally:
        call.end()
