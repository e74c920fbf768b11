"""`make up`: a cluster by kind if there is none, what it waits for, and where everything is.

The programs are stand-ins; the cluster's API is one that answers as Kubernetes does.
"""

from pathlib import Path
from typing import Any

import pytest

from stacks.commands import up
from stacks.commands.programs import Failed, UsageError
from tests.stacks.commands.conftest import STACK
from tests.stacks.commands.stand_ins import StandIns, cluster, late_pod, no_endpoints


def test_without_a_cluster_kind_makes_one_with_images_state_passphrase_and_password(
    stand_ins: StandIns, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_ins.write("images", "registry.example/echo:1.0.0\n")
    with cluster(stand_ins, late_pod):
        assert up.main([STACK], stand_ins.environ, stand_ins.root) == 0
    local = stand_ins.root / ".kube"
    config, stack = f"--kubeconfig {local}/config", f"--stack {STACK}"
    assert stand_ins.calls() == [
        "kind get clusters",
        f"kind create cluster --config stacks/kind.yaml {config}",
        "docker build --file proxy/Dockerfile --tag mcp-observability-proxy:0.1.0 .",
        "docker image inspect --format {{.Id}} mcp-observability-proxy:0.1.0",
        "kind load docker-image mcp-observability-proxy:0.1.0 --name mcp-observability",
        "docker image inspect --format {{.Id}} registry.example/echo:1.0.0",
        "kind load docker-image registry.example/echo:1.0.0 --name mcp-observability",
        "docker image inspect --format {{.Id}} registry.example/fetch:1.0.0",
        "pulumi whoami --non-interactive",
        f"pulumi stack select --create {stack}",
        f"pulumi config get grafanaAdminPassword {stack}",
        f"pulumi config set --secret grafanaAdminPassword {stack}",
        f"pulumi up --yes --skip-preview --non-interactive {stack}",
        f"pulumi stack output --json {stack}",
    ]
    assert len((stand_ins.folder / "password").read_text()) >= 16
    assert (local.stat().st_mode & 0o777, (local / "passphrase").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    assert (local / "env").read_text() == (
        f"export KUBECONFIG='{local}/config'\n"
        f"export PULUMI_BACKEND_URL='file://{local}/state'\n"
        f"export PULUMI_CONFIG_PASSPHRASE_FILE='{local}/passphrase'\n"
    )
    output = capfd.readouterr().out
    wait = "waiting for mcp-servers/echo-1: ImagePullBackOff: no such image\n"
    assert wait in output
    assert "mcp-servers/echo-1: ready, or gone\n" in output
    assert (stand_ins.folder / "password").read_text() not in output
    for line in (
        "deploying to context kind-mcp-observability",
        "  grafana     http://kube-prometheus-stack-grafana.monitoring.svc:80\n",
        "  fetch       http://mcp-fetch-proxy.mcp-servers.svc:8080/mcp\n",
        "  grafana     kubectl --namespace monitoring port-forward",
        f"make forward STACK={STACK}\n",
        "its password: kubectl --namespace monitoring get secret grafana-admin",
        f"source {local}/env\n",
    ):
        assert line in output


def test_any_other_cluster_is_asked_about_and_nothing_is_made_for_it(stand_ins: StandIns) -> None:
    stand_ins.write("logged-in", "")
    with cluster(stand_ins, late_pod) as content:
        stand_ins.write("mine", content)
        environ = {**stand_ins.environ, "KUBECONFIG": str(stand_ins.folder / "mine")}
        with pytest.raises(UsageError, match="no terminal to confirm a deployment on: add YES=1"):
            up.main([STACK], environ, stand_ins.root)
        assert not [each for each in stand_ins.calls() if each.startswith("pulumi up")]
        assert up.main([STACK, "--yes"], environ, stand_ins.root) == 0
        assert not (stand_ins.root / ".kube").exists()
        assert not (stand_ins.folder / "password").exists()

        assert up.main([STACK, "--kind"], environ, stand_ins.root) == 0
    assert [each for each in stand_ins.calls() if each.startswith("kind create")]


def test_what_is_not_ready_in_time_is_named_after_where_everything_is(
    stand_ins: StandIns, capfd: pytest.CaptureFixture[str]
) -> None:
    names = "mcp-servers/echo, mcp-servers/mcp-fetch-proxy"
    with (
        cluster(stand_ins, no_endpoints),
        pytest.raises(Failed, match=f"not ready after 0 s: {names}"),
    ):
        up.main([STACK], stand_ins.environ, stand_ins.root, ready_seconds=0)
    output = capfd.readouterr().out
    assert "waiting for mcp-servers/echo: no pod behind this Service is ready\n" in output
    assert "make forward" in output


def test_a_failed_deployment_is_reported_with_what_it_waited_for(
    stand_ins: StandIns, capfd: pytest.CaptureFixture[str]
) -> None:
    """It goes on until the pod was asked for."""
    stand_ins.write("update", "until test -f $state/seen; do :; done; exit 255")

    def seen(path: str, asked: int) -> list[Any]:
        if path.endswith("/mcp-servers/pods"):
            stand_ins.write("seen", "")
            return late_pod(path, 0)
        return []

    with cluster(stand_ins, seen), pytest.raises(Failed, match="pulumi up failed with exit code"):
        up.main([STACK], stand_ins.environ, stand_ins.root)
    assert "waiting for mcp-servers/echo-1: ImagePullBackOff" in capfd.readouterr().out


def test_a_stack_needs_its_passphrase_and_a_state(stand_ins: StandIns) -> None:
    def refused(*arguments: str, **environ: str) -> str:
        with pytest.raises(UsageError) as caught:
            up.main(arguments, {**stand_ins.environ, **environ}, stand_ins.root)
        return str(caught.value)

    path = stand_ins.root / "stacks" / f"Pulumi.{STACK}.yaml"
    path.write_text("encryptionsalt: v1:x\nconfig: {}")
    with cluster(stand_ins, late_pod):
        assert refused(STACK, "--yes") == (
            "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
        )
    stand_ins.write("mine", (stand_ins.folder / "kubeconfig").read_text())
    mine = str(stand_ins.folder / "mine")
    assert refused(STACK, PULUMI_CONFIG_PASSPHRASE="", KUBECONFIG=mine) == (
        "pulumi is not logged in: pulumi login --local keeps the state in your home"
    )


@pytest.mark.parametrize("program", ["pulumi", "kind", "docker"])
def test_a_program_that_is_missing_is_named(
    stand_ins: StandIns, program: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f"^{program} is not on PATH: install "):
        up.main([STACK], stand_ins.without(program), stand_ins.root)
    assert not (stand_ins.root / ".kube").exists()
