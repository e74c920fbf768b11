"""One node for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.binaries.find import ensure
from tests.e2e.engine import Engine, install
from tests.e2e.kubeapi.client import Client
from tests.node import component_images, images, proxy_image, stack
from tests.node import node as nodes
from tests.node.machine import lacking
from tests.node.node import Node


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--charts", metavar="FOLDER", help="real charts to take instead of stand-ins")


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """The real binaries; what cannot be had fails the tests with a line that says what to do."""
    return ensure(nodes.TOOLS, environ=os.environ)


@pytest.fixture(scope="session")
def stack_tools() -> dict[str, Path]:
    """Those that bring the stack up."""
    return ensure(("helm", "pulumi"), environ=os.environ)


@pytest.fixture(scope="session")
def node(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    lacks = lacking()
    if lacks:
        pytest.fail(lacks, pytrace=False)
    with nodes.running(tmp_path_factory.mktemp("node"), tools) as running:
        yield running


@pytest.fixture(scope="session")
def api(node: Node) -> Iterator[Client]:
    client = Client(node.access, field_manager="test")
    yield client
    client.close()


@pytest.fixture(scope="session")
def charts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    real = request.config.getoption("--charts", default=None)
    return stack.charts(tmp_path_factory.mktemp("charts"), real and Path(real))


@pytest.fixture(scope="session")
def surroundings(
    node: Node,
    api: Client,
    stack_tools: dict[str, Path],
    charts: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Load the images, and make what the stack finds on the cluster."""
    folder = tmp_path_factory.mktemp("images")
    asked = component_images.asked(stack_tools["helm"], charts, stack.releases(charts), folder)
    named = component_images.tools(asked)
    components = component_images.images(folder, ensure(named, environ=os.environ), named)
    every = (*components, *proxy_image.images(folder))
    node.load(images.write(folder / "all.tar", every))
    for each in stack.surroundings(node):
        api.apply(each)


@pytest.fixture(scope="session")
def engine(
    node: Node, stack_tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Engine:
    """The real engine, with the stand-in provider that waits for what it makes."""
    command = install(tmp_path_factory.mktemp("pulumi"), stack_tools, awaiting=True)
    return Engine(command, tmp_path_factory.mktemp("engine"), str(node.kubeconfig))
