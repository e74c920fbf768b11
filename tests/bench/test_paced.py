"""The open loop: calls go out when they are due, and a stall is charged to all that came due."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.bench.paced import Connection, Failed, latencies, schedule

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
STALL_SECONDS = 0.2


@contextmanager
def server(answer: bytes, stall: float = 0.0) -> Iterator[Connection]:
    """A connection to a server that answers each 4 bytes, the first of them `stall` s late."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            accepted, _ = listener.accept()
            with accepted:
                late = stall
                while accepted.recv(4):
                    threading.Event().wait(late)
                    late = 0.0
                    accepted.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        client = Connection(*listener.getsockname())
        yield client
        client.socket.close()
        thread.join()


def test_calls_are_due_at_the_rate_and_at_the_same_times_in_each_run() -> None:
    times = schedule(1000, 5)
    assert times == sorted(times)
    assert 4700 < len(times) < 5300
    assert times == schedule(1000, 5)


def test_a_stall_is_charged_to_every_call_that_came_due_in_it() -> None:
    with server(ANSWER, STALL_SECONDS) as connection:
        found = list(latencies([connection], b"call", [0.0, 0.05, 0.1]))
    assert len(found) == 3
    assert found[0] >= STALL_SECONDS - 0.01
    assert found[1] >= STALL_SECONDS - 0.06
    assert found[2] >= STALL_SECONDS - 0.11


def test_an_answer_other_than_200_ends_the_run() -> None:
    refusal = b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n"
    with server(refusal) as connection, pytest.raises(Failed, match="503"):
        list(latencies([connection], b"call", [0.0]))
