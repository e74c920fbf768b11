"""The outputs say where clients find a server, and an Ingress leads there."""

from typing import Any

import pytest

from tests.stacks.stack import (
    FULL,
    HTTP,
    REMOTE,
    STDIO,
    TOOLHIVE,
    TOOLHIVE_REMOTE,
    objects,
    plan_of,
)


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
