"""The stack goes to the cluster that is named, and stays there unless it is allowed to move."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.charts import Profile
from tests.e2e import program
from tests.e2e.engine import Engine, EngineFailed, Project
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, inventory
from tests.e2e.kubeapi.server import ApiServer

pytestmark = pytest.mark.slow

CONTEXT = "kubernetes:context"


@pytest.fixture
def kubeconfig(api_server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Three files, the first of which is missing; the second is current and names nobody.

    The third has the API server under two names.
    """
    real = yaml.safe_load(api_server.kubeconfig.read_text())
    real["contexts"].append({**real["contexts"][0], "name": "same-cluster"})
    nobody: dict[str, Any] = {
        "clusters": [{"name": "nobody", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "nobody", "context": {"cluster": "nobody", "user": "nobody"}}],
        "users": [{"name": "nobody", "user": {}}],
        "current-context": "nobody",
    }
    for name, content in {"nobody": nobody, "real": real}.items():
        (tmp_path / name).write_text(yaml.safe_dump(content))
    listed = ":".join(str(tmp_path / name) for name in ("missing", "nobody", "real"))
    monkeypatch.setenv("KUBECONFIG", listed)
    return listed


def project(charts: Path, **more: Any) -> Project:
    overrides = {"chartSource": str(charts), "servers": [], "kubernetes:kubeconfig": None, **more}
    return program.project("direct-scrape", overrides, {program.PASSWORD: secrets.token_hex(16)})


def test_a_stack_goes_to_the_context_that_is_named_and_moves_only_if_that_is_allowed(
    kubeconfig: str,
    client: Client,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
) -> None:
    engine = replace(new_engine(), kubeconfig=kubeconfig)
    stack = engine.create_stack(project(charts[Profile.CURRENT], **{CONTEXT: "test"}), program.run)
    stack.up()
    assert any("deploying to context test (https://127.0.0.1:" in line for line in stack.transcript)
    assert stack.outputs()["context"].value == "test"
    assert stack.up() == frozenset()
    deployed = inventory(client)

    stack.configure(CONTEXT, "same-cluster")
    for operation in (stack.preview, stack.up):
        with pytest.raises(EngineFailed, match="'same-cluster' is not allowed; the stack was depl"):
            operation()
    assert inventory(client) == deployed

    stack.configure(f"{program.PREFIX}:allowContext", "same-cluster")
    assert {each.operation for each in stack.up()} <= {"update"}
    assert stack.outputs()["context"].value == "same-cluster"
    stack.destroy()


def test_a_stack_whose_first_deployment_failed_does_not_move_either(
    kubeconfig: str,
    charts: dict[Profile, Path],
    new_engine: Callable[[], Engine],
    untouched: frozenset[Entry],
    tmp_path: Path,
) -> None:
    broken = shutil.copytree(charts[Profile.CURRENT], tmp_path / "charts")
    (broken / "jaeger" / "templates" / "broken.yaml").write_text('{{ fail "broken" }}')
    engine = replace(new_engine(), kubeconfig=kubeconfig)
    stack = engine.create_stack(project(broken, **{CONTEXT: "test"}), program.run)
    with pytest.raises(EngineFailed, match="broken"):
        stack.up()
    stack.configure(CONTEXT, "same-cluster")
    with pytest.raises(EngineFailed, match="'same-cluster' is not allowed"):
        stack.up()
