"""A node has all that pods need, and leaves nothing however its owner ends."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.node.node import supervised
from tests.node.settings import Layout
from tests.node.supervisor import remains
from tests.waiting import until

pytestmark = pytest.mark.slow

END_SECONDS = 60.0


@contextmanager
def started(log: Path, tools: dict[str, Path]) -> Iterator[tuple[subprocess.Popen[str], Layout]]:
    """A node of its own, which has got as far as containers."""
    with supervised(log, tools) as (supervisor, layout):
        until(layout.containerd_socket.exists, seconds=END_SECONDS)
        assert remains(layout) != []
        yield supervisor, layout


def test_nothing_is_left_of_a_node_whose_owner_goes(tools: dict[str, Path], tmp_path: Path) -> None:
    with started(tmp_path / "log", tools) as (_, layout):
        pass
    assert remains(layout) == []


def test_nothing_is_left_of_a_node_that_is_terminated(
    tools: dict[str, Path], tmp_path: Path
) -> None:
    with started(tmp_path / "log", tools) as (supervisor, layout):
        supervisor.terminate()
        supervisor.wait(END_SECONDS)
        assert remains(layout) == []


def test_what_a_killed_supervisor_leaves_goes_with_the_next(
    tools: dict[str, Path], tmp_path: Path
) -> None:
    with started(tmp_path / "log", tools) as (supervisor, layout):
        supervisor.kill()
        supervisor.wait(END_SECONDS)
        link = Path("/sys/class/net", layout.place.name)
        until(lambda: not link.exists(), seconds=END_SECONDS, what="the node's processes end")
        assert remains(layout) != []
    with started(tmp_path / "log", tools) as (_, same):
        assert same == layout
    assert remains(layout) == []
