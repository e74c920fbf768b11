"""`python -m tests.bench.paced URL RATE SECONDS`: calls at fixed times, whether answered or not.

An open-loop generator: the times at which calls are due are drawn beforehand (exponential gaps,
the same for every subject), and a call's latency counts from when it was due, not from when a
free connection was found for it. So a subject that stalls is charged for every call that came
due meanwhile: no coordinated omission. `wrk`, a closed loop, could not show that.
"""

import gc
import json
import select
import socket
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from random import Random
from time import perf_counter
from urllib.parse import urlsplit

CONNECTIONS = 64
SEED = 20261125

BODY = (
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call",'
    b'"params":{"name":"echo","arguments":{"text":"hello, world"}}}'
)
_HEAD = (
    "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    "accept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-11-25\r\n"
    "content-length: {length}\r\n\r\n"
)


class Failed(Exception):
    """A call was not answered with 200."""


class Connection:
    """One kept-alive connection with at most one call on its way."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""
        self.due = 0.0

    def fileno(self) -> int:
        """For select."""
        return self.socket.fileno()

    def send(self, request: bytes, due: float) -> None:
        """Send a call that was due then."""
        self.due = due
        self.socket.sendall(request)

    def answered(self) -> bool:
        """Read on; whether the answer is complete. Raises Failed."""
        piece = self.socket.recv(65536)
        if not piece:
            raise Failed("a connection was closed")
        self._answer += piece
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 200 "):
            raise Failed(head.split(b"\r\n")[0].decode("latin-1"))
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return False
        self._answer = b""
        return True


def schedule(rate: float, seconds: float) -> list[float]:
    """When calls are due, in seconds after the start."""
    random, times, now = Random(SEED), [], 0.0
    while (now := now + random.expovariate(rate)) < seconds:
        times.append(now)
    return times


def latencies(connections: list[Connection], request: bytes, times: list[float]) -> Iterator[float]:
    """Make the calls; seconds from when each was due until its answer was complete."""
    idle, busy = deque(connections), set[Connection]()
    waiting = deque(times)
    start = perf_counter()
    while waiting or busy:
        now = perf_counter() - start
        while waiting and idle and waiting[0] <= now:
            connection = idle.popleft()
            connection.send(request, waiting.popleft())
            busy.add(connection)
        pause = max(0.0, waiting[0] - now) if waiting and idle else None
        for connection in select.select(busy, (), (), pause)[0]:
            if connection.answered():
                yield perf_counter() - start - connection.due
                busy.remove(connection)
                idle.append(connection)


def main() -> int:
    """Print the latencies in microseconds as JSON, sorted; 1 if a call failed."""
    url, rate, seconds = urlsplit(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    host, port = str(url.hostname), int(url.port or 80)
    head = _HEAD.format(path=url.path, host=url.netloc, length=len(BODY)).encode()
    connections = [Connection(host, port) for _ in range(CONNECTIONS)]
    gc.disable()  # The generator's own pauses would be taken for the subject's.
    try:
        found = sorted(latencies(connections, head + BODY, schedule(rate, seconds)))
    except (Failed, OSError) as error:
        print(f"paced: {error}", file=sys.stderr)
        return 1
    finally:
        for connection in connections:
            with closing(connection.socket):
                pass
    print(json.dumps([round(each * 1e6) for each in found]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
