"""So many bytes a second at most."""


class ByteQuota:
    """What a server can have the proxy do in a second, by the bytes that it takes."""

    __slots__ = ("_per_second", "_second", "_used")

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._used = 0

    def __repr__(self) -> str:
        return f"<ByteQuota {self._used} of {self._per_second}>"

    def admits(self, count: int, now: float) -> bool:
        """Use so many more, if that is allowed; `now` is in seconds of a monotonic clock.

        The first in a second is allowed, however much it is.
        """
        used = self._used if int(now) == self._second else 0
        admitted = used == 0 or used + count <= self._per_second
        if admitted:
            self.use(count, now)
        return admitted

    def is_used(self, now: float) -> bool:
        """Whether nothing more is allowed in this second."""
        return int(now) == self._second and self._used >= self._per_second

    def use(self, count: int, now: float) -> None:
        """Use so many more, whether or not that is allowed: how much it is may turn out later."""
        second = int(now)
        if second != self._second:
            self._second, self._used = second, 0
        self._used += count
