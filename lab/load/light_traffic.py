"""Light traffic: endless sessions with few failing calls."""

import itertools
from collections.abc import Callable, Generator, Iterable

from lab.load.client import FAILING, GOOD, UNKNOWN, Call, Client, ServerLost
from lab.tracing import UNTRACED, Tracing

_MANY = (GOOD,) * 7
FLAWED = (_MANY, _MANY, (FAILING,), _MANY, _MANY, (UNKNOWN,), _MANY, _MANY)
SOUND = (_MANY,) * len(FLAWED)
SESSIONS = (*(SOUND, FLAWED) * 2, *[SOUND] * 20)
"""The calls of the sessions of light traffic, repeated.

So few fail that the objective is met and no alert fires. Two sessions with failures come early,
because a rate needs a second sample.
"""

CLIENTS = ("lab-agent", "lab-editor", "lab-script", "lab-editor")
"""The clients of light traffic, a session in turn; both early failures are of the same client."""

ROUND = len(SOUND) + 2
"""Steps of light traffic until one session has ended and the next has started."""


def light_traffic(
    url: str, on_lost: Callable[[ServerLost], None], tracing: Tracing = UNTRACED
) -> Generator[None]:
    """Endless sessions, a step at a time, with very few failing calls.

    `on_lost` is called for a lost session, and the next step starts a new one. Raises LoadFailed
    for any other failure.
    """
    for name, bursts in zip(itertools.cycle(CLIENTS), itertools.cycle(SESSIONS)):
        try:
            yield from _session(url, bursts, tracing, name)
        except ServerLost as why:
            on_lost(why)
            yield


def _session(
    url: str, bursts: Iterable[tuple[Call, ...]], tracing: Tracing, name: str
) -> Generator[None]:
    with Client(url, tracing, name) as client:
        client.request("tools/list", {})
        yield
        client.request("ping", {})
        for burst in bursts:
            yield
            for call in burst:
                client.call(call)
