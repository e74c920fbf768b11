"""How the files are shared among the workers of pytest-xdist, with `--dist loadfile`.

A file's tests stay together, since they share what takes long to start. So do those of files that
share it with each other. What took longest in the last such run starts first, so that no worker is
left with it when the others have nothing to do.
"""

from collections.abc import Mapping
from math import inf
from pathlib import PurePath

from xdist.scheduler import LoadFileScheduling

RECORDED = (
    "tests/contract/test_cluster.py",
    "tests/contract/test_series.py",
    "tests/lab/demo/test_run.py",
)
"""They ask `tests.recorded`, which runs each pipeline once per process."""

E2E = "tests/e2e"
"""One API server per process."""

NODE = "tests/node"
"""One Kubernetes node per process."""

DOCTOR = "tests/lab/doctor"
"""One pipeline of each architecture per process."""


def share(path: str) -> str:
    """What a file is kept together with: the name of a file or of a folder."""
    if path in RECORDED:
        return RECORDED[0]
    folders = (each for each in (NODE, E2E, DOCTOR) if PurePath(path).is_relative_to(each))
    return next(folders, path)


def place(path: str, seconds: Mapping[str, float]) -> float:
    """A key that sorts by what took longest last time; what shares a process comes before all new.

    `seconds` are those of each name that `share` gives.
    """
    name = share(path)
    return -seconds.get(name, 0.0 if name == path else inf)


class Sharing(LoadFileScheduling):  # type: ignore[misc]  # untyped upstream
    """One file at a time to a free worker; groups of files to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return share(super()._split_scope(nodeid))
