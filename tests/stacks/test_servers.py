"""Servers as people write them: every key, in both runtimes, and what becomes of it."""

import sys
from typing import Any

import pytest

from proxy.app import server_settings, settings
from proxy.http.auth_settings import JwtSettings
from tests.stacks.stack import (
    HTTP,
    REMOTE,
    STDIO,
    TOOLHIVE,
    TOOLHIVE_REMOTE,
    container,
    objects,
    plan_of,
)


def template(server: dict[str, Any]) -> dict[str, Any]:
    planned = plan_of(servers=[server])
    deployed = objects(planned, "Deployment")[server["name"]]
    return dict(deployed["spec"]["template"])


def mcp_server(server: dict[str, Any], profile: str = "current") -> dict[str, Any]:
    kind = "MCPRemoteProxy" if "url" in server else "MCPServer"
    return dict(objects(plan_of(profile=profile, servers=[server]), kind)[server["name"]]["spec"])


def test_a_remote_server_behind_our_proxy_is_the_proxy_alone() -> None:
    ca = {"ca": {"configMap": "company-ca", "key": "root.pem"}}
    planned = plan_of(servers=[{**REMOTE, **ca, "resources": {"limits": {"memory": "1Gi"}}}])
    [plan] = planned.proxies
    assert plan.environment["MCP_PROXY_UPSTREAM"] == "https://mcp.example.org/v1/mcp"
    [proxy] = template({**REMOTE, **ca})["spec"]["containers"]
    assert proxy["image"] == "mcp-observability-proxy:0.1.0"
    [mount] = [each for each in proxy["volumeMounts"] if each["name"] == "ca"]
    assert plan.environment["MCP_PROXY_UPSTREAM_CA"] == f"{mount['mountPath']}/ca.crt"
    volumes = {each["name"]: each for each in template({**REMOTE, **ca})["spec"]["volumes"]}
    assert volumes["ca"]["configMap"] == {
        "name": "company-ca",
        "items": [{"key": "root.pem", "path": "ca.crt"}],
    }
    assert container(planned, "remote")["resources"]["limits"] == {"memory": "1Gi"}
    without_file = {k: v for k, v in plan.environment.items() if k != "MCP_PROXY_UPSTREAM_CA"}
    parsed = settings.parse([], without_file)
    assert isinstance(parsed.server, server_settings.HttpServer)
    assert parsed.server.url.geturl() == REMOTE["url"]


@pytest.mark.parametrize("server", [REMOTE, STDIO], ids=["remote", "stdio"])
def test_the_proxy_gets_the_file_of_approved_tools(server: dict[str, Any]) -> None:
    given = {**server, "toolBaseline": {"configMap": "approved", "key": "mine.json"}}
    [plan] = plan_of(servers=[given]).proxies
    pod = template(given)["spec"]
    [mount] = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "baseline"]
    assert plan.environment["MCP_PROXY_TOOL_BASELINE"] == f"{mount['mountPath']}/tools.json"
    [volume] = [each for each in pod["volumes"] if each["name"] == "baseline"]
    items = [{"key": "mine.json", "path": "tools.json"}]
    assert volume["configMap"] == {"name": "approved", "items": items}


def test_a_remote_server_behind_toolhives_proxy_gets_headers_and_secrets() -> None:
    headers = {"X-Team": "blue", "Authorization": {"name": "remote-auth", "key": "header"}}
    given = {**TOOLHIVE_REMOTE, "headers": headers, "imagePullSecrets": ["regcred"]}
    spec = mcp_server(given)
    assert spec["remoteUrl"] == REMOTE["url"]
    assert spec["headerForward"] == {
        "addPlaintextHeaders": {"X-Team": "blue"},
        "addHeadersFromSecret": [
            {
                "headerName": "Authorization",
                "valueSecretRef": {"name": "remote-auth", "key": "header"},
            }
        ],
    }
    assert spec["telemetryConfigRef"]["serviceName"] == "remote"
    planned = plan_of("direct-scrape", servers=[given])
    [monitor] = [
        each
        for each in objects(planned, "ServiceMonitor").values()
        if each["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "mcpremoteproxy"}
    ]
    assert monitor["spec"]["endpoints"][0]["path"] == "/metrics"


def test_headers_of_a_remote_server_are_set_by_our_proxy() -> None:
    headers = {"X-Team": "blue", "Authorization": {"name": "remote-auth", "key": "header"}}
    planned = plan_of(servers=[{**REMOTE, "headers": headers}])
    [plan] = planned.proxies
    variables = {each["name"]: each for each in container(planned, "remote")["env"]}
    assert variables["HEADER_0"]["value"] == "blue"
    reference = {"secretKeyRef": {"name": "remote-auth", "key": "header"}}
    assert variables["HEADER_1"]["valueFrom"] == reference
    given = {**plan.environment, "HEADER_0": "blue", "HEADER_1": "Bearer x"}
    parsed = settings.parse([], given)
    assert isinstance(parsed.server, server_settings.HttpServer)
    assert dict(parsed.server.headers) == {"X-Team": "blue", "Authorization": "Bearer x"}


def test_clients_must_show_a_token_where_one_is_configured() -> None:
    auth = {"token": {"name": "clients", "key": "token"}}
    planned = plan_of(servers=[{**HTTP, "auth": auth}])
    variables = {each["name"]: each for each in container(planned, "search")["env"]}
    reference = {"secretKeyRef": {"name": "clients", "key": "token"}}
    assert variables["MCP_PROXY_BEARER_TOKEN"]["valueFrom"] == reference
    [entry] = planned.outputs["servers"]["search"]["client"]["mcpServers"].values()
    assert entry["headers"] == {"Authorization": "Bearer ${MCP_TOKEN}"}
    jwt = {
        "issuer": "https://issuer.example.org/",
        "keysUrl": "https://issuer.example.org/keys",
        "audience": "mcp",
    }
    for claim in ({}, {"principalClaim": "sub"}):
        given = {**STDIO, "command": [sys.executable], "auth": {**jwt, **claim}}
        planned = plan_of(servers=[given])
        [plan] = planned.proxies
        access = settings.parse(plan.arguments, plan.environment).access
        assert isinstance(access, JwtSettings)
        assert access.principal_claim == claim.get("principalClaim", "")
    [entry] = planned.outputs["servers"]["echo"]["client"]["mcpServers"].values()
    assert entry["headers"] == {"Authorization": "Bearer ${MCP_TOKEN}"}


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ({}, 256 + 10 * 64),
        ({"maxSessions": 6, "sessionMemory": "100Mi"}, 256 + 6 * 100),
        ({"sharedProcess": True}, 256 + 64),
    ],
)
def test_the_memory_of_a_stdio_server_holds_the_processes_of_its_sessions(
    given: dict[str, Any], limit: int
) -> None:
    planned = plan_of(servers=[{**STDIO, "command": [sys.executable], **given}])
    found = container(planned, "echo")["resources"]["limits"]["memory"]
    assert found == f"{limit}Mi"
    [plan] = planned.proxies
    parsed = settings.parse(plan.arguments, plan.environment)
    assert parsed.max_sessions == given.get("maxSessions", 10)


def test_a_limit_that_is_given_counts_for_a_stdio_server_too() -> None:
    given = {**STDIO, "resources": {"limits": {"memory": "2Gi"}}}
    found = container(plan_of(servers=[given]), "echo")
    assert found["resources"]["limits"]["memory"] == "2Gi"


def test_toolhives_own_form_of_secrets_is_understood() -> None:
    given = [{"name": "github-token", "key": "token", "targetEnvName": "GITHUB_TOKEN"}]
    assert mcp_server({**TOOLHIVE, "secrets": given})["secrets"] == given


@pytest.mark.parametrize("server", [HTTP, REMOTE, STDIO], ids=["http", "remote", "stdio"])
def test_the_proxy_reads_the_faults_that_are_on_only_if_that_is_chosen(
    server: dict[str, Any],
) -> None:
    def pod(**more: object) -> dict[str, Any]:
        planned = plan_of(servers=[server], **more)  # type: ignore[arg-type]
        found = objects(planned, "Deployment")[server["name"]]["spec"]["template"]["spec"]
        return dict(found)

    assert "faults" not in str(pod())
    chosen = pod(faultInjection=True)
    [volume] = [each for each in chosen["volumes"] if each["name"] == "faults"]
    # A file in a subPath would stay as it was when the pod started.
    assert volume["configMap"] == {"name": "mcp-faults", "optional": True}
    [proxy] = [each for each in chosen["containers"] if each["name"] == "proxy"]
    [mount] = [each for each in proxy["volumeMounts"] if each["name"] == "faults"]
    assert mount == {"name": "faults", "mountPath": "/etc/mcp-proxy/faults", "readOnly": True}
    variables = {each["name"]: each.get("value") for each in proxy["env"]}
    assert variables["MCP_PROXY_FAULT_INJECTION"] == "/etc/mcp-proxy/faults/faults.json"
