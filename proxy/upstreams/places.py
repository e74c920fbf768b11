"""How many sessions the proxy keeps at one server, whichever era's clients they are for."""

from collections.abc import Callable


class Places:
    """Room for `most` sessions; those who keep some `join`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: list[Callable[[], int]] = []
        self._spares: list[Callable[[], bool]] = []

    def __repr__(self) -> str:
        return f"<Places taken={self.taken}/{self._most}>"

    @property
    def taken(self) -> int:
        """How many sessions there are."""
        return sum(count() for count in self._counts)

    def join(self, count: Callable[[], int], spare: Callable[[], bool] | None = None) -> None:
        """Count these sessions too; `spare` ends one that nobody uses, and tells if there was."""
        self._counts.append(count)
        if spare is not None:
            self._spares.append(spare)

    def make_room(self) -> bool:
        """Whether one more session may be opened; one that nobody uses is ended for it."""
        return self.taken < self._most or any(spare() for spare in self._spares)

    def refusal(self) -> str:
        """Why no more is opened."""
        return f"all {self._most} sessions are taken"
