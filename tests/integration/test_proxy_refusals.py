"""Refusals that take more than one write, and how they count; see also test_proxy_hostile."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import Client, Upstream

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared_proxy() -> Iterator[RunningProxy]:
    upstream = Upstream()
    with running("--upstream", upstream.url) as started:
        yield started
    upstream.close()


def test_a_chunked_body_that_grows_too_long_is_refused(shared_proxy: RunningProxy) -> None:
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    received = Client(shared_proxy.port).raw(head + b"400001\r\n" + b"x" * 0x400001)
    assert received.startswith(b"HTTP/1.1 413 ")


def test_refusals_are_counted_as_rejected(shared_proxy: RunningProxy) -> None:
    before = shared_proxy.outcomes().get(("unknown", "rejected", "caller"), 0)
    client = Client(shared_proxy.port)
    client.post(b"{not json")
    status, answer = client.answer()
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32700, None)
    after: dict[Any, int] = shared_proxy.outcomes()
    assert sum(count for (_, outcome, _), count in after.items() if outcome == "rejected") > before
    client.close()
