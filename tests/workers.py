"""How the files are shared among the workers of pytest-xdist, with `--dist loadfile`.

A file's tests stay together, since they share what is dear to start. So do those of files that
share it with each other; and what takes longest starts first, that no worker is left with it when
the others have nothing to do.
"""

from pathlib import PurePath

from xdist.scheduler import LoadFileScheduling

RECORDED = (
    "tests/contract/test_cluster.py",
    "tests/contract/test_series.py",
    "tests/integration/test_demo.py",
)
"""They ask `tests.recorded`, which runs each pipeline once per process."""

E2E = "tests/e2e"
"""One API server per process."""

NODE = "tests/node"
"""One Kubernetes node per process."""

LONGEST = (
    NODE,
    E2E,
    *RECORDED,
    "tests/toolhive",
    "tests/integration/test_demo_end.py",
    "tests/integration/test_eras_sdk.py",
    "tests/integration/test_crossings.py",
    "tests/conformance",
    "tests/integration/test_proxy_wheel.py",
)
"""Files and folders of half a minute and more."""


def share(path: str) -> str:
    """What a file is kept together with: the name of a file or of a folder."""
    if path in RECORDED:
        return RECORDED[0]
    folders = (each for each in (NODE, E2E) if PurePath(path).is_relative_to(each))
    return next(folders, path)


def place(path: str) -> int:
    """Where in the queue a file stands: those that are not among the longest come last."""
    found = (at for at, each in enumerate(LONGEST) if PurePath(path).is_relative_to(each))
    return next(found, len(LONGEST))


class Sharing(LoadFileScheduling):  # type: ignore[misc]  # untyped upstream
    """A file at a time to whoever is free, but what is kept together to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return share(super()._split_scope(nodeid))
