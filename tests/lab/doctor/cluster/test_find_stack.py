"""The stack and its server are those of the stack file, or of what runs on the cluster."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.arguments import UsageError
from lab.doctor.cluster.choice import ClusterChoice
from lab.doctor.cluster.find_stack import find_stack
from tests.lab.doctor.cluster.conftest import deployed
from tests.stacks.stack import HTTP, TOOLHIVE
from tests.stacks.test_kubeconfig import kubeconfig


def written(folder: Path, **config: Any) -> Path:
    """A checkout with the stack `mine`."""
    (folder / "stacks").mkdir()
    keys = {f"mcp-observability:{name}": each for name, each in config.items()}
    (folder / "stacks" / "Pulumi.mine.yaml").write_text(yaml.safe_dump({"config": keys}))
    return folder


def file_of(folder: Path, server: str) -> str:
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig("c", current="c", server=server)))
    return str(path)


def test_a_stack_file_as_pulumi_writes_it(tmp_path: Path) -> None:
    root = written(
        tmp_path,
        architecture="hybrid",
        grafanaAdminPassword={"secure": "v1:abc"},
        scrapeIntervalSeconds="5",
        servers=[TOOLHIVE, {**HTTP, "env": {"KEY": {"secure": "v1:abc"}}}],
    )
    with deployed().stack() as there:
        file = file_of(tmp_path, there.access.server)
        stack = find_stack(ClusterChoice("mine", kubeconfig=file), {}, root)

    assert stack.name == "mine"
    assert stack.server.name == "search"
    assert stack.config.architecture.name == "hybrid"
    assert stack.config.scrape_interval_seconds == 5


@pytest.mark.parametrize(
    "architecture", ["otel-scrape", "otel-remote-write", "direct-scrape", "hybrid"]
)
def test_what_runs_shows_the_architecture_and_the_servers(
    tmp_path: Path, architecture: str
) -> None:
    with deployed(architecture=architecture).stack() as there:
        file = file_of(tmp_path, there.access.server)
        stack = find_stack(ClusterChoice(kubeconfig=file), {}, tmp_path)

    assert stack.config.architecture.name == architecture
    assert [each.name for each in stack.config.servers] == ["search"]
    assert stack.deploy == "pulumi up --refresh"


@pytest.mark.parametrize(
    ("config", "choice", "line"),
    [
        (
            {"servers": [HTTP]},
            ClusterChoice("mine", server="searhc"),
            "--server searhc: did you mean search? the servers with runtime proxy are search",
        ),
        (
            {"servers": [TOOLHIVE]},
            ClusterChoice("mine"),
            "stack mine has no server with runtime proxy, whose calls can be followed",
        ),
        (
            {"size": "huge"},
            ClusterChoice("mine"),
            "STACK=mine: mcp-observability:size: 'huge' is not allowed;"
            " allowed: small, standard, large",
        ),
        (
            {"servers": [HTTP]},
            ClusterChoice("mine", context="other"),
            "kubernetes:context: 'other' is not allowed; the kubeconfig has: c",
        ),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, config: dict[str, Any], choice: ClusterChoice, line: str
) -> None:
    root = written(tmp_path, **config)
    with deployed().stack() as there:
        environ = {"KUBECONFIG": file_of(tmp_path, there.access.server)}
        with pytest.raises(UsageError) as caught:
            find_stack(choice, environ, root)

    assert str(caught.value) == line


def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    root = written(tmp_path, servers=[HTTP])
    environ = {"KUBECONFIG": file_of(tmp_path, "http://127.0.0.1:1")}

    with pytest.raises(UsageError, match="^the cluster cannot be read: .*refused"):
        find_stack(ClusterChoice("mine"), environ, root)
