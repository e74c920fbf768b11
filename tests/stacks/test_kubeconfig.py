"""The cluster is the one that kubectl would use, or the one that the configuration names."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.fields import ConfigError
from stacks.kubeconfig import chosen_cluster


def kubeconfig(
    *contexts: str, current: str = "", server: str = "https://192.0.2.1"
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": each, "cluster": {"server": f"{server}/{each}"}} for each in contexts
        ],
        "contexts": [{"name": each, "context": {"cluster": each}} for each in contexts],
        "current-context": current,
    }


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Paths of kubeconfig files by name."""
    written = {
        "one": kubeconfig("a", current="a"),
        "two": kubeconfig("b", "a", current="b", server="https://192.0.2.2"),
        "no-current": kubeconfig("c"),
        "empty": None,
        "list": ["a"],
        "dangling": {**kubeconfig("d", current="d"), "clusters": []},
    }
    for name, content in written.items():
        (tmp_path / name).write_text(yaml.safe_dump(content))
    (tmp_path / "broken").write_text("{:")
    return {name: str(tmp_path / name) for name in [*written, "broken", "missing"]}


def context_of(environ: dict[str, str]) -> str | None:
    cluster = chosen_cluster(None, None, environ)
    return cluster.context if cluster else None


def refused(given: str | None, context: str | None, environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        chosen_cluster(given, context, environ)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("names", "context", "chosen", "server"),
    [
        (["one"], None, "a", "https://192.0.2.1/a"),
        (["one", "two"], None, "a", "https://192.0.2.1/a"),
        (["two", "one"], None, "b", "https://192.0.2.2/b"),
        (["one", "two"], "b", "b", "https://192.0.2.2/b"),
        (["two", "one"], "a", "a", "https://192.0.2.2/a"),
        (["missing", "no-current", "two"], None, "b", "https://192.0.2.2/b"),
        (["empty", "no-current", "two"], "c", "c", "https://192.0.2.1/c"),
    ],
)
def test_several_files_are_merged_as_kubectl_merges_them(
    files: dict[str, str], names: list[str], context: str | None, chosen: str, server: str
) -> None:
    environ = {"KUBECONFIG": ":".join(["", *(files[name] for name in names)])}
    cluster = chosen_cluster(None, context, environ)
    assert cluster
    assert (cluster.context, cluster.server) == (chosen, server)
    assert str(cluster).startswith(f"context {chosen} ({server}, from ")


def test_the_file_in_the_home_folder_counts_where_there_is_no_variable(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(yaml.safe_dump(kubeconfig("h", current="h")))
    environ = {"HOME": str(tmp_path), "KUBECONFIG": ""}
    assert context_of(environ) == "h"


@pytest.mark.parametrize("as_content", [True, False])
def test_a_configured_kubeconfig_counts_and_the_environment_does_not(
    files: dict[str, str], as_content: bool
) -> None:
    given = Path(files["two"]).read_text() if as_content else files["two"]
    cluster = chosen_cluster(given, None, {"KUBECONFIG": files["one"]})
    assert cluster
    assert cluster.context == "b"
    assert cluster.source == ("kubernetes:kubeconfig" if as_content else files["two"])


def test_a_pod_without_a_kubeconfig_uses_its_service_account(files: dict[str, str]) -> None:
    pod = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}
    assert context_of(pod) == "in-cluster"
    assert context_of({**pod, "KUBECONFIG": files["one"]}) == "a"


def test_without_any_kubeconfig_there_is_no_cluster(files: dict[str, str]) -> None:
    assert context_of({"KUBECONFIG": files["missing"]}) is None
    assert context_of({"KUBECONFIG": files["empty"]}) is None


def test_each_mistake_is_one_line_that_says_what_there_is(files: dict[str, str]) -> None:
    one = {"KUBECONFIG": files["one"]}
    assert refused(None, "b", one) == (
        "kubernetes:context: 'b' is not allowed; the kubeconfig has: a"
    )
    assert refused(None, None, {"KUBECONFIG": files["no-current"]}) == (
        "kubernetes:context: missing, and the kubeconfig has no current context; it has: c"
    )
    assert refused(None, None, {"KUBECONFIG": files["dangling"]}) == (
        "kubernetes:context: 'd' is not allowed; its cluster is not in the kubeconfig"
    )
    assert refused("no/such/file", None, one) == (
        "kubernetes:kubeconfig: 'no/such/file' is not allowed; it must be a file or its content"
    )
    for bad in ("broken", "list"):
        assert refused(files[bad], None, one) == (
            f"kubernetes:kubeconfig: {files[bad]} is not a kubeconfig"
        )
    assert refused("{:\n", None, one).endswith("kubernetes:kubeconfig is not a kubeconfig")
