"""The issuer's keys: fetched within one deadline, trusted until withdrawn or too old."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import repeat

import pytest

from proxy.errors import InvalidToken, UnknownKey, UnusableKeys
from proxy.frontend.jwks import (
    AGAIN_SECONDS,
    DOCUMENT_LIMIT,
    RENEW_SECONDS,
    TRUST_SECONDS,
    JwksRefresher,
    JwksSource,
)
from proxy.frontend.token_verifier import TokenVerifier
from tests.proxy.frontend.issuer import TERMS, document, public, token

KEYS = document(public("RS256"))
HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def issuer(*said: bytes, drips: bytes = b"") -> Iterator[str]:
    """The URL of a server that says all that to each request, then drips for ever, or closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped = threading.Event()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        for each in said:
                            connection.sendall(each)
                        while drips and not stopped.wait(0.01):
                            connection.sendall(drips)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/keys?of=mine"
        finally:
            stopped.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def whole(body: bytes, status: bytes = b"200 OK", *lines: bytes) -> bytes:
    head = b"".join(b"%b\r\n" % line for line in (b"HTTP/1.1 " + status, *lines))
    return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)


def test_the_document_is_fetched_without_the_proxy_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for said in (whole(KEYS), HEAD + b"\r\n" + KEYS):
        with issuer(said) as url:
            assert asyncio.run(JwksSource(url)()) == KEYS


@pytest.mark.parametrize(
    ("said", "drips", "reason"),
    [
        (b"", b"", "closed the connection"),
        (b"", b" ", "no whole answer within 0.3 s"),
        (HEAD, b"x: y\r\n", "no whole answer within 0.3 s"),
        (HEAD + b"\r\n", b" ", "no whole answer within 0.3 s"),
        (HEAD + b"\r\n" + b" " * (DOCUMENT_LIMIT + 1), b"", f"more than {DOCUMENT_LIMIT} bytes"),
        (whole(b"", b"500 Internal Server Error"), b"", "status 500"),
        (whole(KEYS, b"302 Found", b"location: http://127.0.0.1:1/"), b"", "status 302"),
        (b"\0\r\n\r\n", b"", "malformed HTTP head"),
    ],
)
def test_a_fetch_ends_within_its_time_whatever_the_issuer_does(
    said: bytes, drips: bytes, reason: str
) -> None:
    seconds = 0.3 if drips else 30.0
    with issuer(said, drips=drips) as url, pytest.raises(UnusableKeys, match=reason):
        asyncio.run(JwksSource(url, seconds)())


def test_an_issuer_that_is_not_there_is_named() -> None:
    with pytest.raises(UnusableKeys, match="127.0.0.1:1: "):
        asyncio.run(JwksSource("http://127.0.0.1:1/keys")())


class Watched:
    """A watch whose clock is set by the test, and whose issuer publishes one thing after another.

    None means that it cannot be reached.
    """

    def __init__(self, *published: bytes | None) -> None:
        self.now = 0.0
        self.judge = TokenVerifier(TERMS)
        self._published = iter(published)
        self.watch = JwksRefresher(TERMS.keys_url, self.judge, self._fetch, lambda: self.now)

    async def _fetch(self) -> bytes:
        document = next(self._published)
        if document is None:
            raise UnusableKeys("no route")
        return document

    def turn(self) -> float:
        return asyncio.run(self.watch.turn())

    def trusts(self, shown: bytes) -> bool:
        try:
            self.judge.admit(shown)
        except (UnknownKey, InvalidToken):
            return False
        return True


@pytest.mark.parametrize("left", [document(), document(public("RS256", use="enc"))])
def test_an_issuer_that_withdraws_all_keys_ends_the_trust_in_them(left: bytes) -> None:
    watched = Watched(KEYS, left, KEYS)
    trusted = []
    for _ in range(3):
        assert watched.turn() == RENEW_SECONDS
        trusted.append(watched.trusts(token()))
        assert watched.watch.current
    assert trusted == [True, False, True]


@pytest.mark.parametrize("lost", [None, b"<html>"])
def test_keys_are_trusted_for_a_time_while_the_issuer_is_away(lost: bytes | None) -> None:
    watched = Watched(KEYS, *repeat(lost, 50))
    watched.turn()
    waits = []
    while watched.trusts(token()):
        waits.append(watched.turn())
        watched.now += waits[-1]
    assert watched.now - waits[-1] == TRUST_SECONDS
    assert not watched.watch.current
    assert waits[:3] == [AGAIN_SECONDS, 2 * AGAIN_SECONDS, 4 * AGAIN_SECONDS]
    assert max(waits) == RENEW_SECONDS


def test_the_same_keys_are_trusted_anew_once_the_issuer_is_back() -> None:
    watched = Watched(KEYS, None, KEYS)
    watched.turn()
    watched.now += TRUST_SECONDS
    watched.turn()
    assert not watched.trusts(token())
    watched.turn()
    assert watched.trusts(token())


def test_nobody_is_kept_waiting_once_the_watch_ends() -> None:
    async def scenario() -> None:
        async def hang() -> bytes:
            await asyncio.Event().wait()
            return b""

        watch = JwksRefresher(TERMS.keys_url, TokenVerifier(TERMS), hang)
        running = asyncio.create_task(watch.run())
        waiting = asyncio.create_task(watch.renew())
        await asyncio.sleep(0)
        running.cancel()
        await waiting
        await watch.renew()

    asyncio.run(scenario())
