"""Servers as people write them: every key, in both runtimes, and what becomes of it."""

import sys
from typing import Any

import pytest

from proxy.app import server_settings, settings
from stacks.config import PASSWORD, ConfigError, parse
from stacks.secret_values import SecretValue
from stacks.server_config import KEYS
from tests.stacks.stack import (
    FULL,
    GOOD_PASSWORD,
    HTTP,
    REMOTE,
    STDIO,
    TOOLHIVE,
    TOOLHIVE_REMOTE,
    container,
    objects,
    plan_of,
)
from tests.stacks.strict import faults, fields


def mistakes(*servers: object, **more: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse({PASSWORD: GOOD_PASSWORD, "servers": list(servers), **more})
    return [line.removeprefix("mcp-observability:") for line in caught.value.lines]


def template(server: dict[str, Any]) -> dict[str, Any]:
    planned = plan_of(servers=[server])
    deployed = objects(planned, "Deployment")[server["name"]]
    return dict(deployed["spec"]["template"])


def mcp_server(server: dict[str, Any], profile: str = "current") -> dict[str, Any]:
    kind = "MCPRemoteProxy" if "url" in server else "MCPServer"
    return dict(objects(plan_of(profile=profile, servers=[server]), kind)[server["name"]]["spec"])


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


def test_the_tutorials_operator_is_told_the_account_that_it_would_add_itself() -> None:
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
    [plan] = plan_of(servers=[{**STDIO, "command": [sys.executable], "auth": jwt}]).proxies
    assert settings.parse(plan.arguments, plan.environment)


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


def test_a_secret_header_is_kept_in_the_servers_secret() -> None:
    config = parse(
        {
            PASSWORD: GOOD_PASSWORD,
            "servers": [{**TOOLHIVE_REMOTE, "headers": {"Authorization": SecretValue("Bearer x")}}],
        }
    )
    [server] = config.servers
    assert server.headers == (("Authorization", SecretValue("Bearer x")),)


@pytest.mark.parametrize("server", [HTTP, TOOLHIVE, TOOLHIVE_REMOTE])
def test_an_ingress_leads_to_the_service_that_clients_call(server: dict[str, Any]) -> None:
    planned = plan_of(servers=[{**server, "ingress": FULL["ingress"]}])
    [ingress] = objects(planned, "Ingress").values()
    assert ingress["metadata"]["annotations"] == {"a/b": "c"}
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"hosts": ["search.example.org"], "secretName": "search-tls"}]
    [rule] = ingress["spec"]["rules"]
    [path] = rule["http"]["paths"]
    names = {"search": "search", "fetch": "mcp-fetch-proxy", "remote": "mcp-remote-remote-proxy"}
    assert path["backend"]["service"] == {"name": names[server["name"]], "port": {"number": 8080}}


@pytest.mark.parametrize(
    ("server", "profile", "url", "kind"),
    [
        (HTTP, "current", "http://search.mcp-servers.svc:8080/rpc", "http"),
        (STDIO, "current", "http://echo.mcp-servers.svc:8080/mcp", "http"),
        ({**HTTP, "transport": "sse"}, "current", "http://search.mcp-servers.svc:8080/mcp", "http"),
        (REMOTE, "current", "http://remote.mcp-servers.svc:8080/v1/mcp", "http"),
        (TOOLHIVE, "current", "http://mcp-fetch-proxy.mcp-servers.svc:8080/mcp", "http"),
        (
            {**TOOLHIVE, "transport": "sse"},
            "current",
            "http://mcp-fetch-proxy.mcp-servers.svc:8080/sse",
            "sse",
        ),
    ],
)
def test_the_outputs_say_where_clients_find_a_server(
    server: dict[str, Any], profile: str, url: str, kind: str
) -> None:
    planned = plan_of(profile=profile, servers=[server])
    [found] = planned.outputs["servers"].values()
    assert found["url"] == url
    [entry] = found["client"]["mcpServers"].values()
    path = url.partition(":8080")[2]
    assert entry == {"type": kind, "url": f"http://127.0.0.1:8081{path}"}
    assert found["portForward"].endswith(" 8081:8080")


def test_a_client_outside_uses_the_ingress() -> None:
    planned = plan_of(servers=[{**HTTP, "ingress": {"host": "mcp.example.org"}}])
    found = planned.outputs["servers"]["search"]
    assert found["externalUrl"] == "http://mcp.example.org/rpc"
    assert found["client"]["mcpServers"]["search"]["url"] == found["externalUrl"]


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({**TOOLHIVE, "path": "/mcp"}, "path: '/mcp' is not allowed; it has an effect only with"),
    ({**STDIO, "path": "/mcp"}, "path: '/mcp' is not allowed; it has an effect only with"),
    ({**REMOTE, "path": "/mcp"}, "path: '/mcp' is not allowed; it has an effect only with"),
    ({**REMOTE, "image": "a:1"}, "image: 'a:1' is not allowed; a remote server has no image"),
    ({**REMOTE, "transport": "stdio"}, "transport: 'stdio' is not allowed; a remote server"),
    ({**REMOTE, "url": "ftp://x"}, "url: 'ftp://x' is not allowed; it must be an http or https"),
    ({**REMOTE, "url": "https://a:b@x/"}, "url: 'https://a:b@x/' is not allowed; it must be"),
    ({**HTTP, "headers": {"A": "b"}}, "headers: {'A': 'b'} is not allowed; only a server with a"),
    (
        {**HTTP, "maxSessions": 3},
        "maxSessions: 3 is not allowed; only servers with runtime",
    ),
    (
        {**STDIO, "maxSessions": 0},
        "maxSessions: 0 is not allowed; it must be a whole number from 1",
    ),
    (
        {**TOOLHIVE, "auth": {}},
        "auth: {} is not allowed; only runtime proxy asks",
    ),
    ({**HTTP, "auth": {"token": "plain"}}, "auth.token: a secret must be name and key of a Secret"),
    (
        {**HTTP, "auth": {"issuer": "i", "keysUrl": "https://k/"}},
        "auth.audience: missing; give",
    ),
    ({**TOOLHIVE_REMOTE, "headers": {"A b": "c"}}, "headers: 'A b' is not allowed; it must be the"),
    ({**TOOLHIVE_REMOTE, "ca": {"secret": "s"}}, "ca: {'secret': 's'} is not allowed; only runt"),
    ({**TOOLHIVE_REMOTE, "volumes": []}, "volumes: [] is not allowed; the operator gives a rem"),
    ({**HTTP, "permissionProfile": "none"}, "permissionProfile: 'none' is not allowed; only serv"),
    ({**TOOLHIVE, "permissionProfile": "all"}, "permissionProfile: 'all' is not allowed; allowed:"),
    ({**HTTP, "secrets": {"A": "text"}}, "secrets.A: a secret must be name and key of a Secret"),
    ({**HTTP, "secrets": {"LEVEL": {"name": "a", "key": "b"}}}, "secrets: {'LEVEL': {'name': 'a'"),
    ({**HTTP, "env": {"A": {"valueFrom": {}}}}, "env.A.valueFrom: {} is not allowed; it must hav"),
    ({**HTTP, "env": {"A": {"value": "x"}}}, "env.A.value: unknown key; did you mean valueFrom?"),
    ({**STDIO, "env": {"OTEL_A": "x"}}, "env: 'OTEL_A' is not allowed; in this pod it is a setti"),
    ({**HTTP, "resources": {"limits": {"memory": "lots"}}}, "resources.limits.memory: 'lots' is"),
    ({**HTTP, "resources": {"limit": {}}}, "resources: 'limit' is not allowed; allowed: requests"),
    ({**HTTP, "volumes": [{"name": "a", "hostPath": {"path": "/"}}]}, "volumes[0].hostPath: {'pa"),
    ({**HTTP, "volumes": [{"name": "tmp", "emptyDir": {}}]}, "volumes[0].name: 'tmp' is not allow"),
    ({**HTTP, "volumes": [{"name": "a"}]}, "volumes[0]: a volume has one source; allowed: config"),
    ({**HTTP, "replicas": -1}, "replicas: -1 is not allowed; it must be a whole number from 0"),
    ({**HTTP, "imagePullSecrets": "a"}, "imagePullSecrets: 'a' is not allowed; it must be a list"),
    ({**HTTP, "securityContext": {"runAsUser": 0}}, "securityContext.runAsUser: 0 is not allowed"),
    ({**HTTP, "ingress": {"class": "n"}}, "ingress.host: missing; an ingress has a host"),
    (
        {**HTTP, "podTemplateSpec": {"spec": {"hostNetwork": True}}},
        "podTemplateSpec.spec.hostNetwork: nothing in this stack is privileged; leave it out",
    ),
    (
        {
            **HTTP,
            "podTemplateSpec": {
                "spec": {"containers": [{"name": "x", "securityContext": {"privileged": True}}]}
            },
        },
        "podTemplateSpec.spec.containers[0].securityContext.privileged: nothing in this stack",
    ),
]


@pytest.mark.parametrize(("server", "line"), MISTAKES)
def test_each_mistake_is_one_line(server: dict[str, Any], line: str) -> None:
    [found] = mistakes(server)
    assert found.startswith(f"servers[0].{line}")


def test_all_mistakes_are_reported_at_once() -> None:
    bad = {**HTTP, "name": "X", "port": 0, "replicas": "a", "extra": 1}
    found = mistakes(
        bad, {**STDIO, "env": {"A": 1, "B-C": ""}}, profile="x", scrapeIntervalSeconds=0
    )
    keys = [line.partition(":")[0] for line in found]
    assert sorted(keys) == sorted(
        [
            "profile",
            "scrapeIntervalSeconds",
            "servers[0].extra",
            "servers[0].name",
            "servers[0].port",
            "servers[0].replicas",
            "servers[1].env",
            "servers[1].env.A",
        ]
    )


def test_the_tutorials_operator_has_no_remote_servers_and_no_replicas() -> None:
    found = mistakes(TOOLHIVE_REMOTE, {**TOOLHIVE, "replicas": 2}, profile="tutorial")
    assert [line.partition(":")[0] for line in found] == ["servers[0].url", "servers[1].replicas"]


def test_toolhives_own_form_of_secrets_is_understood() -> None:
    given = [{"name": "github-token", "key": "token", "targetEnvName": "GITHUB_TOKEN"}]
    assert mcp_server({**TOOLHIVE, "secrets": given})["secrets"] == given


def test_every_key_is_tried_here_or_is_one_of_the_first() -> None:
    first = {"name", "runtime", "transport", "image", "url", "port", "path", "command", "args"}
    sessions = {"maxSessions", "sessionMemory", "sharedProcess"}
    others = {"headers", "ca", "permissionProfile", "auth"}
    assert set(KEYS) == first | FULL.keys() | sessions | others
