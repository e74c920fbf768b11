"""`python -m tests.soak [--http N] [--stdio N]`: ends 1 unless memory and descriptors are flat.

Clients that misbehave abandon N sessions at the proxy, before an HTTP server and before a stdio
process for each, mixed with good calls, broken streams and nonsense. Then all must be as it was:
the memory within 10 %, no descriptor more, no process, no session. On loopback only.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.integration.proxies import RunningProxy
from tests.soak import subjects, traffic, watch

ACTS = (
    traffic.abandon, traffic.abandon, traffic.abandon, traffic.call, traffic.leave,
    traffic.confuse,
)  # fmt: skip
# Sessions that `ACTS` abandon, for each time they are all done: three, one half, and one.
ABANDONED = 4.5 / len(ACTS)
WARM_UP = 600
QUIET_SECONDS = 60.0

Subject = Callable[[], AbstractContextManager[RunningProxy]]
SUBJECTS: dict[str, Subject] = {"http": subjects.http, "stdio": subjects.stdio}


def quiet(proxy: RunningProxy, seen: watch.Watch, descriptors: int | None = None) -> watch.Sample:
    """The proxy once every session, stream, connection and process is gone."""
    gauges = ("mcp_proxy_sessions", "mcp_proxy_streams", "toolhive_mcp_active_connections")

    def empty() -> bool:
        here = seen.now()
        few = descriptors is None or here.descriptors <= descriptors
        return few and not here.children and not any(map(proxy.value, gauges))

    deadline = time.monotonic() + QUIET_SECONDS
    while not empty() and time.monotonic() < deadline:
        time.sleep(0.5)
    return seen.now()


def soak(name: str, subject: Subject, sessions: int) -> list[str]:
    """Abandon so many sessions, print the curve: what is wrong with it."""
    with subject() as proxy:
        seen = watch.Watch(proxy.process.pid)
        asyncio.run(traffic.confuse_once_by_each(proxy.port))
        asyncio.run(traffic.crowd(ACTS, proxy.port, times=WARM_UP))
        start = quiet(proxy, seen)
        began = len(seen.samples)
        asyncio.run(traffic.crowd(ACTS, proxy.port, times=round(sessions / ABANDONED)))
        busy = seen.samples[began:]
        end = quiet(proxy, seen, start.descriptors)
        seen.stop()
        print(f"\n{name}: {sessions} sessions abandoned\n{watch.curve(seen.samples)}")
        found = watch.complaints(start, busy, end)
        left = proxy.value("mcp_proxy_sessions")
        return [f"{name}: {each}" for each in (*found, *([f"sessions: {left:g}"] if left else ()))]


def main() -> int:
    """Print curves, and the verdict."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--http", type=int, default=10_000, help="sessions abandoned (10000)")
    parser.add_argument("--stdio", type=int, default=2_000, help="and with a process each (2000)")
    arguments = parser.parse_args()
    wrong = [
        complaint
        for name, subject in SUBJECTS.items()
        if vars(arguments)[name]
        for complaint in soak(name, subject, vars(arguments)[name])
    ]
    print("\n" + ("\n".join(wrong) if wrong else "flat: memory, descriptors, children, sessions"))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
