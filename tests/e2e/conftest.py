"""The real Pulumi engine performs our program on a real API server.

kubeapi/    etcd and kube-apiserver, one pair for all tests, and what they hold
provider/   the stand-in for pulumi-resource-kubernetes; independent of the program
charts/     the stand-ins for the five charts
engine.py   the engine, with a home and a backend of its own for each test
program.py  our program and its configuration; deployed.py: what should come of it

Every test finds the cluster empty and leaves it so.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pulumi import automation

from lab.binaries.find import ensure
from stacks.charts import Profile
from tests.e2e.charts import folder
from tests.e2e.engine import Engine, install
from tests.e2e.kubeapi import namespaces, server
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, restored
from tests.e2e.kubeapi.server import ApiServer


@pytest.fixture(scope="session")
def tools() -> dict[str, Path]:
    """The real binaries; what cannot be had fails the tests with a line that says what to do."""
    return ensure(("etcd", "kube-apiserver", "helm", "pulumi"), environ=os.environ)


@pytest.fixture(scope="session")
def _teardown_at_sigterm() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", returncode=143))
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def api_server(
    tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, _teardown_at_sigterm: None
) -> Iterator[ApiServer]:
    with server.running(tmp_path_factory.mktemp("api-server"), tools) as running:
        yield running


@pytest.fixture(scope="session")
def client(api_server: ApiServer) -> Iterator[Client]:
    """The test's own connection, with the controller that lets empty namespaces go beside it."""
    client = Client(api_server.access, field_manager="test")
    with namespaces.finalizing(client):
        yield client
    client.close()


@pytest.fixture(scope="session")
def pulumi(
    tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> automation.PulumiCommand:
    return install(tmp_path_factory.mktemp("pulumi"), tools)


@pytest.fixture(scope="session")
def new_engine(
    pulumi: automation.PulumiCommand,
    api_server: ApiServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], Engine]:
    """Make an engine with a home and a backend of its own."""
    return lambda: Engine(pulumi, tmp_path_factory.mktemp("engine"), str(api_server.kubeconfig))


@pytest.fixture
def engine(new_engine: Callable[[], Engine]) -> Engine:
    return new_engine()


@pytest.fixture
def untouched(client: Client) -> Iterator[frozenset[Entry]]:
    """What was in the cluster before the test; what the test left is removed after it."""
    with restored(client) as before:
        yield before


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> dict[Profile, Path]:
    """A folder of stand-in charts for each profile."""
    root = tmp_path_factory.mktemp("charts")
    return {profile: folder.write(root / profile, profile) for profile in Profile}
