"""What an entry of `servers` says of pods: environment, volumes, resources and podTemplateSpec."""

from typing import Any

import pytest

from stacks.pod_templates import merged
from tests.stacks.stack import (
    FULL,
    HTTP,
    STDIO,
    TOOLHIVE,
    container,
    objects,
    plan_of,
)
from tests.stacks.strict import faults, fields
from tests.stacks.test_servers import mcp_server, template


def test_every_key_reaches_the_pod_behind_our_proxy() -> None:
    server = {**HTTP, **FULL}
    pod = template(server)["spec"]
    found = container(plan_of(servers=[server]), "search", "server")
    environment = {each["name"]: each for each in found["env"]}
    assert environment["TOKEN"]["valueFrom"] == FULL["env"]["TOKEN"]["valueFrom"]
    reference = {"name": "github-token", "key": "token"}
    assert environment["GITHUB_TOKEN"]["valueFrom"] == {"secretKeyRef": reference}
    assert environment["LEVEL"]["value"] == "2", "podTemplateSpec is merged last"
    volumes = {each.pop("name"): each for each in [dict(each) for each in pod["volumes"]]}
    assert volumes["data"] == {"persistentVolumeClaim": {"claimName": "pvc"}}
    assert volumes["cache"] == {"emptyDir": {}}
    mounts = {each["mountPath"]: each["name"] for each in found["volumeMounts"]}
    assert mounts.keys() == {"/tmp", "/home/mcp", "/app/cache", "/data"}
    assert set(mounts.values()) < volumes.keys()
    assert found["resources"] == {
        "requests": {"memory": "1Gi"},
        "limits": {"cpu": "2"},
    }
    assert pod["serviceAccountName"] == "kubernetes-mcp"
    assert pod["automountServiceAccountToken"] is True
    assert pod["imagePullSecrets"] == [{"name": "regcred"}, {"name": "other"}]
    assert (pod["nodeSelector"], pod["tolerations"]) == (
        FULL["nodeSelector"],
        FULL["tolerations"],
    )
    assert pod["priorityClassName"] == "low"
    assert template(server)["metadata"]["labels"]["team"] == "blue"
    assert found["securityContext"]["runAsUser"] == 1000
    assert pod["securityContext"]["fsGroup"] == 2000
    planned = plan_of(servers=[server])
    assert objects(planned, "Deployment")["search"]["spec"]["replicas"] == 2
    assert objects(planned, "Service")["search"]["spec"]["sessionAffinity"] == "ClientIP"


def test_every_key_reaches_the_server_behind_toolhives_proxy() -> None:
    profile = {"permissionProfile": "network"}
    spec = mcp_server({**TOOLHIVE, **FULL, **profile})
    assert spec["permissionProfile"] == {"type": "builtin", "name": "network"}
    assert (spec["replicas"], spec["backendReplicas"]) == (2, 2)
    assert spec["serviceAccount"] == "kubernetes-mcp"
    assert spec["env"] == [{"name": "LEVEL", "value": "1"}]
    assert spec["secrets"] == [
        {"name": "github-token", "key": "token", "targetEnvName": "GITHUB_TOKEN"}
    ]
    pod = spec["podTemplateSpec"]["spec"]
    assert spec["podTemplateSpec"]["metadata"]["labels"] == {"team": "blue"}
    assert pod["priorityClassName"] == "low"
    assert pod["imagePullSecrets"] == [{"name": "regcred"}, {"name": "other"}]
    assert (pod["nodeSelector"], pod["tolerations"]) == (FULL["nodeSelector"], FULL["tolerations"])
    [mcp] = pod["containers"]
    names = {each["name"] for each in mcp["env"]}
    assert (mcp["name"], names) == ("mcp", {"TOKEN", "HOME", "LEVEL"})
    assert mcp["resources"] == {"requests": {"memory": "1Gi"}, "limits": {"cpu": "2"}}
    mounts = {each["mountPath"] for each in mcp["volumeMounts"]}
    assert mounts == {"/tmp", "/home/mcp", "/app/cache", "/data"}
    assert pod["securityContext"] == {"fsGroup": 2000}
    assert spec["resources"]["limits"] == {"cpu": "200m", "memory": "128Mi"}, "of the proxy"
    crd = fields("toolhive-operator-crds-0.44.0.MCPServer.v1beta1")
    assert list(faults(crd, spec)) == []


def test_the_tutorials_operator_is_reported_the_account_that_it_would_add_itself() -> None:
    pod = mcp_server({**TOOLHIVE, "nodeSelector": {"a": "b"}}, "tutorial")["podTemplateSpec"][
        "spec"
    ]
    assert pod == {"nodeSelector": {"a": "b"}, "serviceAccountName": "fetch-sa"}
    assert "podTemplateSpec" not in mcp_server(TOOLHIVE, "tutorial")


def test_a_stdio_server_brings_its_own_to_the_proxys_container() -> None:
    given = {
        key: FULL[key] for key in ("env", "secrets", "volumes", "securityContext", "resources")
    }
    found = container(plan_of(servers=[{**STDIO, **given}]), "echo")
    assert {"TOKEN", "GITHUB_TOKEN", "LEVEL", "HOME", "MCP_PROXY_LISTEN"} <= {
        each["name"] for each in found["env"]
    }
    assert found["securityContext"]["runAsUser"] == 1000
    assert {"/data", "/app/cache", "/home/mcp"} <= {
        each["mountPath"] for each in found["volumeMounts"]
    }
    assert found["resources"]["requests"]["memory"] == "1Gi"


@pytest.mark.parametrize("server", [HTTP, STDIO])
def test_a_server_has_a_home_that_it_can_write_unless_it_names_one(server: dict[str, Any]) -> None:
    def home(**more: object) -> str:
        name = "proxy" if "command" in server else "server"
        found = container(plan_of(servers=[{**server, **more}]), str(server["name"]), name)
        return str({each["name"]: each.get("value") for each in found["env"]}["HOME"])

    assert home() == "/home/mcp"
    assert home(env={"HOME": "/tmp"}) == "/tmp"


@pytest.mark.parametrize("given", [True, False])
def test_the_root_file_system_is_writable_where_that_is_asked_for(*, given: bool) -> None:
    server = {**HTTP, "securityContext": {"readOnlyRootFilesystem": given}}
    found = container(plan_of(servers=[server]), "search", "server")
    assert found["securityContext"]["readOnlyRootFilesystem"] is given


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("containers", "name"),
        ("env", "name"),
        ("volumes", "name"),
        ("volumeMounts", "mountPath"),
        ("ports", "containerPort"),
    ],
)
def test_items_of_a_list_are_merged_by_the_key_that_kubernetes_uses(key: str, name: str) -> None:
    base = {key: [{name: "a", "x": 1}, {name: "b", "x": 1}]}
    patch = {key: [{name: "b", "x": 2}, {name: "c", "x": 2}]}
    assert merged(base, patch) == {
        key: [{name: "a", "x": 1}, {name: "b", "x": 2}, {name: "c", "x": 2}]
    }
    assert merged({"args": ["a", "b"]}, {"args": ["c"]}) == {"args": ["c"]}
