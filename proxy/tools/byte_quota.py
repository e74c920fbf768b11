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
        second = int(now)
        if second != self._second:
            self._second, self._used = second, 0
        admitted = self._used == 0 or self._used + count <= self._per_second
        if admitted:
            self._used += count
        return admitted
