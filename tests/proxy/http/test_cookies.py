"""Cookies of a server: which are kept, and with which requests they go back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from proxy.http.cookies import LONGEST, MOST, Cookies

PAST = b"expires=Thu, 01 Jan 1970 00:00:00 GMT"
FUTURE = b"expires=Wed, 21-Oct-2099 07:28:00 GMT"


def sent(*given: bytes, lines: bytes = b"", target: bytes = b"/v1/mcp?key=1") -> bytes:
    """The header lines of a request to `target` after an answer to /v1/mcp that set cookies."""
    cookies = Cookies()
    cookies.keep(given, b"/v1/mcp")
    return cookies.onto(lines, target)


@pytest.fixture
def east_of_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "EAST-14")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("east_of_utc")
@pytest.mark.parametrize("zone", ["", " -0000", " GMT", " +0000"])
def test_a_date_is_in_utc_wherever_the_proxy_runs(zone: str) -> None:
    for hours, back in ((1, b"cookie: a=1\r\n"), (-1, b"")):
        ends = datetime.now(UTC) + timedelta(hours=hours)
        assert sent(f"a=1; expires={ends:%a, %d %b %Y %H:%M:%S}{zone}".encode()) == back


@pytest.mark.parametrize(
    ("given", "back"),
    [
        ((b"LB=node1; Path=/; Secure; HttpOnly; SameSite=None", b"b=2"), b"LB=node1; b=2"),
        ((b' a = "x y" ;Domain=other.example',), b'a="x y"'),
        ((b"a=", b"b=x=y"), b"a=; b=x=y"),
        ((b"a=1; Max-Age=60", b"b=2; " + FUTURE), b"a=1; b=2"),
        ((b"a=1; max-age=60; " + PAST,), b"a=1"),
        ((b"a=1; Expires=one day", b"b=2; max-age=soon"), b"a=1; b=2"),
        ((b"a=1", b"a=2"), b"a=2"),
        ((b"a=1; path=/", b"a=2; path=/v1"), b"a=2"),
        ((b"a=1; path=/v1/", b"b=1; path=/v1/mcp", b"c=1; path=/"), b"c=1; a=1; b=1"),
    ],
)  # fmt: skip
def test_a_cookie_goes_back(given: tuple[bytes, ...], back: bytes) -> None:
    assert sent(*given) == b"cookie: %b\r\n" % back


@pytest.mark.parametrize(
    "given",
    [
        b"", b";", b"a", b"=1", b"a=\x01", b"a=1; path=/other", b"a=1; path=/v", b"a=1; max-age=0",
        b"a=1; max-age=-1", b"a=1; " + PAST, b"a=" + b"x" * LONGEST,
    ],
)  # fmt: skip
def test_a_cookie_does_not_go_back(given: bytes) -> None:
    assert sent(given) == b""


@pytest.mark.parametrize("ended", [b"a=; max-age=0", b"a=; " + PAST])
def test_a_server_takes_a_cookie_back(ended: bytes) -> None:
    assert sent(b"a=1", b"b=2", ended) == b"cookie: b=2\r\n"


def test_a_clients_own_cookies_stay_but_those_that_the_server_set_since() -> None:
    lines = b"x-a: 1\r\ncookie: LB=old; mine=1\r\ncookie: too=2\r\nx-b: 2\r\n"
    kept = b"cookie: LB=new; mine=1; too=2\r\nx-a: 1\r\nx-b: 2\r\n"
    assert sent(b"LB=new", lines=lines) == kept
    assert sent(lines=lines) == lines


def test_a_server_that_sets_too_many_loses_the_oldest() -> None:
    back = sent(*(b"c%d=1" % each for each in range(MOST + 2)))
    assert back.count(b"=1") == MOST
    assert b"c1=" not in back
