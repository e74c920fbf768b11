"""Which stack on which cluster the user means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """What the user says of it; a kubeconfig is a path, all may be None."""

    stack: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    server: str | None = None
