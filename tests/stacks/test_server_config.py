"""An entry of `servers`: every key is tried, and each mistake is one line that names it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.config import PASSWORD, parse
from stacks.secret_values import SecretValue, sealed
from stacks.server_config import KEYS
from stacks.servers import Server, Transport
from tests.stacks import stack
from tests.stacks.stack import (
    FULL,
    GOOD_PASSWORD,
    HTTP,
    REMOTE,
    STDIO,
    TOOLHIVE,
    TOOLHIVE_REMOTE,
)
from tests.stacks.test_config import ANYTHING, P, complaint, refused


def servers(*entries: object) -> tuple[Server, ...]:
    return parse({PASSWORD: GOOD_PASSWORD, "servers": [*entries]}).servers


def mistakes(*entries: object, **more: object) -> list[str]:
    return stack.mistakes(servers=[*entries], **more)


def test_a_secret_header_is_kept_in_the_servers_secret() -> None:
    [server] = servers({**TOOLHIVE_REMOTE, "headers": {"Authorization": SecretValue("Bearer x")}})
    assert server.headers == (("Authorization", SecretValue("Bearer x")),)


FIXED = "it must be an image with a fixed tag or digest, not latest"
LABEL = "it must be 1 to 50 lower-case letters, digits and '-', starting with a letter and ending"
NEEDS_ALL = "every server has name, runtime, image, transport"


def without(server: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: each for name, each in server.items() if name != key}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    (without(TOOLHIVE, "name"), f"name: missing; {NEEDS_ALL}"),
    (without(TOOLHIVE, "image"), f"image: missing; {NEEDS_ALL}"),
    ({**TOOLHIVE, "imgae": "x"}, "imgae: unknown key; did you mean image?"),
    ({**TOOLHIVE, "name": "Fetch"}, f"name: 'Fetch' is not allowed; {LABEL}"),
    ({**TOOLHIVE, "name": "9lives"}, f"name: '9lives' is not allowed; {LABEL}"),
    ({**TOOLHIVE, "name": "a" * 51}, f"name: '{'a' * 51}' is not allowed; {LABEL}"),
    ({**TOOLHIVE, "runtime": "docker"}, "runtime: 'docker' is not allowed; allowed: toolhive, pro"),
    ({**TOOLHIVE, "transport": "http"}, "transport: 'http' is not allowed; allowed: stdio, stream"),
    ({**TOOLHIVE, "image": "fetch"}, f"image: 'fetch' is not allowed; {FIXED}"),
    ({**TOOLHIVE, "image": "h:5000/fetch"}, f"image: 'h:5000/fetch' is not allowed; {FIXED}"),
    (
        {**TOOLHIVE, "port": 70000},
        "port: 70000 is not allowed; it must be a whole number from 1 to 6",
    ),
    (without(HTTP, "port"), "port: missing; give the port of the server in its pod"),
    (
        {**HTTP, "port": 8080},
        "port: 8080 is not allowed; the proxy in the same pod uses it; choose",
    ),
    (
        {**STDIO, "port": 9000},
        "port: 9000 is not allowed; only a server with an HTTP transport has",
    ),
    (without(STDIO, "command"), "command: missing; transport stdio needs the command to run"),
    ({**STDIO, "command": []}, "command: missing; transport stdio needs the command to run"),
    ({**STDIO, "command": "echo"}, "command: 'echo' is not allowed; it must be a list of text"),
    ({**STDIO, "command": ["echo", 1]}, "command[1]: 1 is not allowed; it must be text"),
    ({**TOOLHIVE, "command": ["fetch"]}, "command: ['fetch'] is not allowed; only servers with r"),
    ({**STDIO, "args": ["-v"]}, "args: ['-v'] is not allowed; put the arguments into command"),
    (
        {**HTTP, "path": "mcp"},
        "path: 'mcp' is not allowed; it must be a URL path that starts with /",
    ),
    ({**HTTP, "env": ["A=1"]}, "env: ['A=1'] is not allowed; it must be a map from variable n"),
    (
        {**HTTP, "env": {"A-B": "1"}},
        "env: 'A-B' is not allowed; it must be an environment variable",
    ),
    (
        {**HTTP, "env": {"A": 1}},
        "env.A: 1 is not allowed; it must be text or valueFrom; quote numb",
    ),
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
    (
        {**TOOLHIVE_REMOTE, "toolBaseline": {"configMap": "c"}},
        "toolBaseline: {'configMap': 'c'} is",
    ),
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


def test_servers_are_a_list_of_maps_with_names_of_their_own() -> None:
    assert refused({"servers": "fetch"}) == (
        "servers: 'fetch' is not allowed; it must be a list of servers"
    )
    assert mistakes("fetch") == [
        "servers[0]: 'fetch' is not allowed; it must be a map with name, runtime, image, transport"
    ]
    assert mistakes(TOOLHIVE, {**STDIO, "name": "fetch"}) == [
        "servers[1].name: 'fetch' is not allowed; another server has this name"
    ]


def test_variables_that_are_given_twice_are_in_the_order_of_the_secrets() -> None:
    names = ["D", "A", "C", "B", "E"]
    secrets = {each: {"name": "s", "key": "k"} for each in names}
    found = mistakes({**STDIO, "env": dict.fromkeys(sorted(names), ""), "secrets": secrets})
    assert [line.partition(";")[2] for line in found] == [
        f" {each} is in env, too" for each in names
    ]


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


def test_every_key_is_tried_here_or_is_one_of_the_first() -> None:
    first = {"name", "runtime", "transport", "image", "url", "port", "path", "command", "args"}
    sessions = {"maxSessions", "sessionMemory", "sharedProcess"}
    others = {"headers", "ca", "toolBaseline", "permissionProfile", "auth"}
    assert set(KEYS) == first | FULL.keys() | sessions | others


def test_toolhive_servers_may_leave_the_port_to_the_default_and_may_speak_sse() -> None:
    [found] = servers({**without(TOOLHIVE, "port"), "transport": "sse"})
    assert (found.port, found.transport) == (8080, Transport.SSE)


def test_an_sse_server_behind_our_proxy_is_reached_at_sse_unless_a_path_is_given() -> None:
    for entry, path in (without(HTTP, "path"), "/sse"), ({**HTTP, "path": "/events"}, "/events"):
        [found] = servers({**entry, "transport": "sse"})
        assert (found.transport, found.path) == (Transport.SSE, path)


@pytest.mark.parametrize(
    "change", [{"env": {"A": 1234567}}, {"image": "1234567"}, {"port": "1234567"}]
)
def test_a_mistake_in_a_secret_key_is_reported_without_its_value(change: dict[str, Any]) -> None:
    line = refused({"servers": sealed([{**HTTP, **change}])})
    assert "[secret] is not allowed" in line
    assert "1234567" not in line


ENTRY = st.dictionaries(st.sampled_from(KEYS), ANYTHING)


@given(st.sampled_from([TOOLHIVE, HTTP, STDIO]), ENTRY)
def test_any_server_is_either_a_server_or_a_line_for_each_mistake(
    base: dict[str, object], changes: dict[str, object]
) -> None:
    lines = complaint({PASSWORD: GOOD_PASSWORD, "servers": [{**base, **changes}]}).splitlines()
    assert all(line.startswith(f"{P}servers[0]") for line in lines)


@given(st.from_regex(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?", fullmatch=True))
def test_every_service_name_that_is_short_enough_is_a_servers_name(name: str) -> None:
    [found] = servers({**TOOLHIVE, "name": name})
    assert found.name == name
