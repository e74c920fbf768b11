"""The outcomes of a replay beside those of the recording, as text. Pure."""

from collections import Counter
from collections.abc import Sequence

from dashboards.cli_text import one_line
from lab.replay.session_replay import Replayed
from lab.text_table import aligned

MOST_SHOWN = 20
"""Differences that are listed one by one."""


def text(replayed: Sequence[Replayed], expected: int) -> str:
    """A table by call, the differences, and a summary of `expected` calls."""
    names = Counter(one_line(each.call.name) for each in replayed)
    same = Counter(one_line(each.call.name) for each in replayed if not each.differs)
    rows = [("call", "calls", "as recorded", "different")]
    rows += [
        (name, str(number), str(same[name]), str(number - same[name]))
        for name, number in names.items()
    ]
    different = [each for each in replayed if each.differs]
    shown = [_difference(each) for each in different[:MOST_SHOWN]]
    if len(different) > MOST_SHOWN:
        shown.append(f"... and {len(different) - MOST_SHOWN} more")
    interrupted = f"; interrupted, of {expected}" if len(replayed) < expected else ""
    total = f"{len(replayed)} calls{interrupted}, {len(different)} with another outcome"
    return "".join(f"{each}\n" for each in (*aligned(rows), *shown, total))


def _difference(replayed: Replayed) -> str:
    call = replayed.call
    outcomes = f"{call.outcome} in the recording, now {replayed.outcome}"
    reason = f": {replayed.reason}" if replayed.reason else ""
    return f"session {one_line(call.session)}, {one_line(call.name)}: {outcomes}{reason}"
