"""Opens transports whose server has faults."""

from ..transports.base import Connector, TransportListener
from .active_faults import ActiveFaults
from .transport import FaultyTransport


class FaultyConnector(Connector):
    """Puts a `kind` of faulty transport before each transport of another connector."""

    def __init__(
        self,
        connector: Connector,
        kind: type[FaultyTransport],
        faults: ActiveFaults,
        message_limit: int,
    ) -> None:
        self._connector = connector
        self._kind = kind
        self._faults = faults
        self._message_limit = message_limit
        self._open: set[FaultyTransport] = set()
        faults.on_crash.append(self._crash)

    def __repr__(self) -> str:
        return f"<FaultyConnector {self._connector!r} {self._faults!r}>"

    async def connect(
        self, owner: TransportListener, headers: bytes, query: bytes
    ) -> FaultyTransport:
        transport = self._kind(owner, self._faults, self._message_limit)
        transport.adopt(await self._connector.connect(transport, headers, query))
        self._open = {each for each in self._open if not each.over} | {transport}
        return transport

    async def probe(self) -> str:
        return await self._connector.probe()

    async def close(self) -> None:
        await self._connector.close()

    def _crash(self) -> None:
        for each in tuple(self._open):
            each.crash()
