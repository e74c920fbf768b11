"""The Kubernetes provider: its settings, and that a stack stays on its cluster."""

import json
from pathlib import Path

import pulumi
import pytest

from tests.stacks.engine import (
    KUBECONFIG,
    PROVIDER,
    SECRET_MARK,
    Previous,
    as_dict,
    run,
    run_program,
)


def test_the_provider_applies_on_the_server_and_updates_config_maps_in_place() -> None:
    state = run().states["pulumi:providers:kubernetes", "mcp-observability"]
    assert state["enableServerSideApply"] == "true"
    assert state["enableConfigMapMutable"] == "true"


READ = "pulumi:pulumi:readStackOutputs"


def test_the_provider_gets_the_cluster_of_the_configuration_and_all_its_settings() -> None:
    given = {"kubernetes:context": "other", "kubernetes:deleteUnreachable": "true"}
    done = run_program(given, ["kubernetes:kubeconfig"])
    state = done.states[PROVIDER, "mcp-observability"]
    assert state["context"] == "other"
    assert state["deleteUnreachable"] == "true"
    request = as_dict(done.requests[PROVIDER, "mcp-observability"].object)
    assert SECRET_MARK in request["kubeconfig"].values()
    assert done.outputs["context"] == "other"


def test_without_a_configured_kubeconfig_the_provider_reads_the_files_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider takes its own property for one file; the variable may name several."""
    (tmp_path / "config").write_text(json.dumps(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/missing:{tmp_path}/config")
    done = run_program({"kubernetes:kubeconfig": None})
    state = done.states[PROVIDER, "mcp-observability"]
    assert state["context"] == "kind-mcp"
    assert "kubeconfig" not in state


def test_a_stack_does_not_move_to_another_context_unless_it_is_allowed() -> None:
    deployed = Previous({"context": "kind-mcp"})
    with pytest.raises(pulumi.RunError) as caught:
        run_program({"kubernetes:context": "other"}, previous=deployed)
    assert str(caught.value) == (
        "kubernetes:context: 'other' is not allowed; the stack was deployed to 'kind-mcp';"
        " to move it: pulumi config set allowContext other"
    )
    with pytest.raises(pulumi.RunError):
        run_program({"kubernetes:context": "other", "allowContext": "third"}, previous=deployed)
    moved = {"kubernetes:context": "other", "allowContext": "other"}
    assert run_program(moved, previous=deployed).outputs["context"] == "other"
    assert run_program({}, previous=deployed).outputs["context"] == "kind-mcp"


def test_the_context_is_read_anew_where_the_engine_saves_the_state_meanwhile() -> None:
    unreadable = f"invocation of {READ} returned an error: failed to load checkpoint: EOF"
    saving = Previous({"context": "kind-mcp"}, errors=[unreadable] * 2)
    with pytest.raises(pulumi.RunError, match="the stack was deployed to 'kind-mcp'"):
        run_program({"kubernetes:context": "other"}, previous=saving)
    assert run_program({}, previous=saving).outputs["context"] == "kind-mcp"
    broken = Previous(errors=[unreadable] * 1000)
    with pytest.raises(pulumi.RunError, match="the stack's state cannot be read: .*EOF$"):
        run_program({}, previous=broken)
    with pytest.raises(Exception, match="no such stack"):
        run_program({}, previous=Previous(errors=["no such stack"]))
