"""The bench of failing back ends: each fails as it says, and ratios are within a round."""

import socket
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.bench.backends import BACK_ENDS, BackEnd, Measured, serving, table
from tests.bench.load import Answered

SECONDS = 10.0
NAMED = {each.name: each for each in BACK_ENDS}


@pytest.mark.parametrize(
    "back_end", [each for each in BACK_ENDS if each.status == 200 and not each.seconds], ids=str
)
def test_a_back_end_says_what_it_is_to_say(back_end: BackEnd) -> None:
    with serving(back_end) as address, urlopen(address, b"spans", SECONDS) as answer:
        assert answer.read() == back_end.body


def test_a_busy_one_asks_for_patience() -> None:
    busy = next(each for each in BACK_ENDS if each.status == 503)
    with serving(busy) as address, pytest.raises(HTTPError) as refused:
        urlopen(address, b"spans", SECONDS)
    with refused.value as answer:
        assert (answer.code, answer.headers["retry-after"]) == (503, "1")


def test_one_that_is_gone_refuses_connections() -> None:
    with serving(NAMED["refuses connections"]) as address, pytest.raises(URLError):
        urlopen(address, b"spans", SECONDS)


def test_one_that_never_answers_takes_the_request() -> None:
    with serving(NAMED["never answers"]) as address:
        url = urlsplit(address)
        with socket.create_connection((url.hostname, url.port), SECONDS) as client:
            client.sendall(b"POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\n.")
            client.settimeout(0.1)
            with pytest.raises(TimeoutError):
                client.recv(1)


def measured(p50: float, p99: float, lost: float = 0.0) -> Measured:
    return Measured(Answered(100, 1.0, p50, p99), 50e-6, 40 * 1024 * 1024, lost)


def test_ratios_are_taken_within_a_round() -> None:
    """The second round met a machine twice as slow, which is not the back ends' doing."""
    well, *others = BACK_ENDS
    rounds = [
        {well: measured(p50, p99), **dict.fromkeys(others, measured(p50, 1.1 * p99, 7))}
        for p50, p99 in ((0.001, 0.002), (0.002, 0.004), (0.001, 0.002))
    ]
    first, second = table(rounds).splitlines()[2:4]
    assert first == "| is well | 1.00 ms | 2.00 ms | 1.00 | 1.00 | 50 us | 40 MiB | 0 |"
    assert second.endswith("| 1.00 ms | 2.20 ms | 1.00 | 1.10 | 50 us | 40 MiB | 7 |")
