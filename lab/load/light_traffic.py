"""Light traffic: endless sessions with few failing calls."""

import itertools
from collections.abc import Callable, Generator, Iterable

from lab.load.client import FAILING, GOOD, UNKNOWN, Call, Client, ServerLost, UnexpectedOutcome
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

LISTS_PER_STEP = 200
"""At most: a storm of announcements must not end the calls."""

ROUND = len(SOUND) + 2
"""Steps of light traffic until one session has ended and the next has started."""


def light_traffic(
    url: str,
    on_lost: Callable[[ServerLost], None],
    tracing: Tracing = UNTRACED,
    disturbed: Callable[[], bool] = lambda: False,
) -> Generator[None]:
    """Endless sessions, a step at a time, with very few failing calls.

    `on_lost` is called for a lost session, and the next step starts a new one. Raises LoadFailed
    for any other failure, but for an unexpected outcome only unless `disturbed`.
    """
    for name, bursts in zip(itertools.cycle(CLIENTS), itertools.cycle(SESSIONS)):
        try:
            yield from _session(Client(url, tracing, name), bursts, disturbed)
        except ServerLost as why:
            on_lost(why)
            yield


def _session(
    client: Client, bursts: Iterable[tuple[Call, ...]], disturbed: Callable[[], bool]
) -> Generator[None]:
    with client:
        client.request("tools/list", {})
        yield
        client.request("ping", {})
        for burst in bursts:
            yield
            for call in burst:
                try:
                    client.call(call)
                except UnexpectedOutcome:
                    if not disturbed():
                        raise
            _list_again(client)


def _list_again(client: Client) -> None:
    """List the tools for each announcement that they changed, as usual clients do."""
    announced, client.lists_changed = client.lists_changed, 0
    for _ in range(min(announced, LISTS_PER_STEP)):
        client.request("tools/list", {})
