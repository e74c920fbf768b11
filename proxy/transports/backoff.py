"""Starts of a server's process: their results, and when the next is due. No clock."""

DELAY_SECONDS = 1.0
"""The first pause; each further failure in a row doubles it."""
LONGEST_SECONDS = 30.0
"""The longest pause."""
PROOF_SECONDS = 1.0
"""How long a process must live to count as up."""


class RestartBackoff:
    """The results of the starts so far; after `free` failures in a row, pauses begin."""

    __slots__ = ("_ended", "_failed_at", "_failures", "_free", "_reason")

    def __init__(self, *, free: int) -> None:
        self._free = free
        self._failures = 0
        self._failed_at = float("-inf")
        self._reason = ""
        self._ended = 0

    def __repr__(self) -> str:
        return f"<RestartBackoff failures={self._failures} reason={self._reason!r}>"

    @property
    def failures(self) -> int:
        """How many starts in a row failed."""
        return self._failures

    def started(self) -> bool:
        """A process is started; whether it replaces one that exited by itself."""
        replaces = self._ended > 0
        self._ended -= replaces
        return replaces

    def worked(self) -> None:
        """A process works."""
        self._failures = 0
        self._failed_at = float("-inf")

    def ended(self, now: float, reason: str, *, worked: bool) -> None:
        """A process exited by itself, whether it worked or not."""
        self._ended += 1
        if worked:
            self.worked()
        else:
            self.failed(now, reason)

    def failed(self, now: float, reason: str) -> None:
        """A start failed."""
        self._failures += 1
        self._failed_at, self._reason = now, reason

    def pause(self, now: float) -> float:
        """How many seconds the next start has to wait."""
        excess = self._failures - self._free
        if excess <= 0:
            return 0.0
        delay = min(DELAY_SECONDS * (1 << min(excess - 1, 16)), LONGEST_SECONDS)
        return max(0.0, self._failed_at + delay - now)

    @property
    def failure(self) -> str:
        """Why the last start failed; "" if it did not."""
        return self._reason if self._failures else ""
