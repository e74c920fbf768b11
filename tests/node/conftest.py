"""One node for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.tools import ensure
from tests.node import node as nodes
from tests.node.machine import lacking
from tests.node.node import Node


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """The real binaries; what cannot be had fails the tests with a line that says what to do."""
    return ensure(nodes.TOOLS, environ=os.environ)


@pytest.fixture(scope="session")
def node(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    lacks = lacking()
    if lacks:
        pytest.fail(lacks, pytrace=False)
    with nodes.running(tmp_path_factory.mktemp("node"), tools) as running:
        yield running
