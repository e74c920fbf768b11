"""Connections to the upstream are kept for the next request."""

import asyncio

from proxy.http.client import UpstreamConnection
from proxy.http.pool import Pool
from tests.proxy.http.recording_transport import RecordingTransport
from tests.proxy.http.test_client import ENDPOINT, RecordingHandler, spawn


def test_a_kept_connection_is_used_for_the_next_exchange() -> None:
    async def run() -> None:
        pool = Pool(ENDPOINT, spawn, lambda failure: None)
        transport, handler = RecordingTransport(), RecordingHandler()
        connection = UpstreamConnection(pool)
        connection.connection_made(transport)
        pool.release(connection)
        pool.send(handler, b"again")
        assert handler.source is connection
        assert transport.written == b"again"

    asyncio.run(run())
