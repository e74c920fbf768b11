"""How large the stack is: what the values files of a size do not say."""

from dataclasses import dataclass
from enum import StrEnum

from stacks.values import Values


class Size(StrEnum):
    """A set of requests, limits and retention, in `values/size-<size>/` (small: `values/`)."""

    SMALL = "small"
    STANDARD = "standard"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Sizing:
    """Storage of Prometheus, and the containers of servers that say nothing of their own."""

    storage: str
    proxy: Values
    server: Values


def _container(cpu: str, memory: str, limit: str) -> Values:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


# Storage is 1.25 to 1.5 times `retentionSize`, which does not count what is being written.
SIZES: dict[Size, Sizing] = {
    Size.SMALL: Sizing(
        "15Gi", _container("50m", "96Mi", "256Mi"), _container("50m", "64Mi", "256Mi")
    ),
    Size.STANDARD: Sizing(
        "50Gi", _container("100m", "128Mi", "512Mi"), _container("100m", "128Mi", "512Mi")
    ),
    Size.LARGE: Sizing(
        "250Gi", _container("250m", "256Mi", "1Gi"), _container("250m", "256Mi", "1Gi")
    ),
}
