"""Values of settings that several packages need."""

from dataclasses import dataclass
from enum import StrEnum


class Calls(StrEnum):
    """Which calls are logged."""

    NONE = "none"
    FAILED = "failed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen at; port 0 means any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
