"""The edges of a proxy in front of a streamable HTTP server, for the tests that name them."""

from collections.abc import Iterator

import pytest

from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import Client, Upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    each = Upstream()
    yield each
    each.close()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[RunningProxy]:
    with running("--upstream", upstream.url) as started:
        yield started


@pytest.fixture
def client(proxy: RunningProxy) -> Iterator[Client]:
    each = Client(proxy.port)
    yield each
    each.close()
