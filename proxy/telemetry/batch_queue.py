"""Encoded telemetry that waits for its export, in batches and within a limit."""

from collections import deque
from collections.abc import Callable


class BatchQueue:
    """Encoded items on their way out, `limit` at most; `lost` counts those that do not fit.

    A batch has at most `batch` items. `on_batch` is called when one is full.
    """

    def __init__(self, limit: int, batch: int, lost: Callable[[int], None]) -> None:
        self._limit = limit
        self._batch = batch
        self._lost = lost
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._items = 0
        self.on_batch: Callable[[], None] = lambda: None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} items={self._items}/{self._limit}>"

    def __len__(self) -> int:
        return self._items

    def admits(self, items: int) -> bool:
        """Whether as many more items fit; if not, they are counted as lost."""
        if self._items + items <= self._limit:
            return True
        self._lost(items)
        return False

    def append(self, items: int, encoded: bytes) -> None:
        """Queue items that were admitted and belong into one batch."""
        self._waiting.append((items, encoded))
        self._items += items
        if self._items >= self._batch:
            self.on_batch()

    def drain(self) -> tuple[int, list[bytes]] | None:
        """The oldest items, of one batch at most but never none if any waits."""
        drained: list[bytes] = []
        weight = 0
        while self._waiting and (not drained or weight + self._waiting[0][0] <= self._batch):
            items, encoded = self._waiting.popleft()
            weight += items
            drained.append(encoded)
        self._items -= weight
        return (weight, drained) if drained else None
