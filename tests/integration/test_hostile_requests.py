"""The corpus of hostile requests, replayed: each is refused, none is passed on, it serves on."""

import json
import re
import socket
from collections.abc import Iterator

import pytest
import requests

from tests.integration.hostile_requests import CORPUS, Hostile
from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import TIMEOUT_SECONDS, Client, Upstream, call, result

pytestmark = pytest.mark.slow

MARK = "the first request that the upstream may ever see"


@pytest.fixture(scope="module")
def attacked() -> Iterator[tuple[RunningProxy, Upstream]]:
    """A proxy that gets the whole corpus, and at the end one good call."""
    with Upstream() as upstream, running("--upstream", upstream.url) as proxy:
        yield proxy, upstream
        client = Client(proxy.port)
        client.post(call(MARK))
        side = upstream.accept()
        assert json.loads(side.request()[1])["id"] == MARK
        side.answer(json.dumps(result(MARK)).encode())
        assert client.answer() == (200, result(MARK))
        client.close()


def statuses(port: int, data: bytes) -> list[int]:
    """Send it all, and no more: the status of every answer until the proxy ends the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # It was refused before it was sent.
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionError:
            pass
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda each: str(each.name))
def test_a_hostile_request_is_refused_once(
    attacked: tuple[RunningProxy, Upstream], hostile: Hostile
) -> None:
    proxy, _ = attacked
    assert statuses(proxy.port, hostile.data) == ([hostile.status] if hostile.status else [])
    assert proxy.process.poll() is None
    assert not [line for line in proxy.log if line["level"] == "error"]


def test_the_admin_side_survives_them_all_too(attacked: tuple[RunningProxy, Upstream]) -> None:
    proxy, _ = attacked
    for hostile in CORPUS:
        statuses(int(proxy.metrics.rpartition(":")[2]), hostile.data)
    odd = {"accept": "text/plain;version=x"}
    assert requests.get(f"http://{proxy.metrics}/metrics", headers=odd, timeout=10).ok
    assert proxy.get("/healthz").status_code == 200
    assert not [line for line in proxy.log if line["level"] == "error"]


def test_every_hostile_request_has_a_name_of_its_own() -> None:
    assert len({each.name for each in CORPUS}) == len(CORPUS)
