"""Every configuration mistake is one line that names the key, the value and what is allowed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import limits
from dashboards.grafana_panels import MIN_STEP
from dashboards.recordings.objectives import RATED
from stacks.architectures import ARCHITECTURES
from stacks.charts import Profile
from stacks.config import (
    DEFAULTS,
    KEYS,
    MAX_INTERVAL_SECONDS,
    PASSWORD,
    ConfigError,
    StackConfig,
    parse,
)
from stacks.secret_values import SecretValue, sealed
from stacks.server_config import KEYS as SERVER_KEYS
from stacks.servers import Server, ServerRuntime, Transport
from tests.stacks.stack import GOOD_PASSWORD, HTTP, SERVERS, STDIO, TOOLHIVE

P = "mcp-observability:"
LABEL = (
    "it must be 1 to 50 lower-case letters, digits and '-', starting with a letter and ending"
    " with a letter or digit"
)
SCOPE = "allowed: cluster, or a list of namespaces with that of the servers"
FIXED = "it must be an image with a fixed tag or digest, not latest"
REQUIRED = "every server has name, runtime, image, transport"
WEAK = "the given password is too short or a well-known default; it must have at least 8 characters"


def server(base: dict[str, Any], **changes: object) -> dict[str, object]:
    changed = {**base, **changes}
    return {"servers": [{key: each for key, each in changed.items() if each is not ...}]}


def refused(mapping: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse({PASSWORD: GOOD_PASSWORD, **mapping})
    return str(caught.value).removeprefix(P)


MISTAKES: list[tuple[dict[str, object], str]] = [
    (
        {"architecture": "otel"},
        "architecture: 'otel' is not allowed;"
        " allowed: otel-scrape, otel-remote-write, direct-scrape, hybrid",
    ),
    (
        {"architecture": ["hybrid"]},
        "architecture: ['hybrid'] is not allowed;"
        " allowed: otel-scrape, otel-remote-write, direct-scrape, hybrid",
    ),
    ({"profile": "newest"}, "profile: 'newest' is not allowed; allowed: current, tutorial"),
    ({"profile": "seed"}, "profile: 'seed' is not allowed; it is called tutorial now"),
    ({"architectur": "hybrid"}, "architectur: unknown key; did you mean architecture?"),
    ({"zzz": 1}, f"zzz: unknown key; known keys: {', '.join(KEYS)}"),
    ({"chartSource": " "}, "chartSource: ' ' is not allowed; it must be text"),
    ({"operatorScope": "namespace"}, f"operatorScope: 'namespace' is not allowed; {SCOPE}"),
    ({"operatorScope": []}, f"operatorScope: [] is not allowed; {SCOPE}"),
    (
        {"operatorScope": ["other"]},
        "operatorScope: ['other'] is not allowed;"
        " allowed: cluster, or a list of namespaces with mcp-servers",
    ),
    (
        {"namespaces": ["a"]},
        "namespaces: ['a'] is not allowed; it must be a map of monitoring, toolhive, servers",
    ),
    (
        {"namespaces": {"monitoring": "mcp-servers"}},
        "namespaces: {'monitoring': 'mcp-servers'} is no"
        "t allowed; the three namespaces must differ",
    ),
    ({"namespaces": {"server": "a"}}, "namespaces.server: unknown key; did you mean servers?"),
    (
        {"operatorScope": ["mcp-servers", "Not_A_Namespace"]},
        "operatorScope[1]: 'Not_A_Namespace' is not allowed;"
        " it must be a namespace: lower-case letters, digits and '-'",
    ),
    ({"proxyImage": "proxy"}, f"proxyImage: 'proxy' is not allowed; {FIXED}"),
    ({"proxyImage": "a/proxy:latest"}, f"proxyImage: 'a/proxy:latest' is not allowed; {FIXED}"),
    ({"proxyImage": 7}, "proxyImage: 7 is not allowed; it must be text"),
    (
        {"scrapeIntervalSeconds": "15s"},
        "scrapeIntervalSeconds: '15s' is not allowed; it must be a whole number from 1 to 60",
    ),
    (
        {"pushIntervalSeconds": 0},
        "pushIntervalSeconds: 0 is not allowed; it must be a whole number from 1 to 60",
    ),
    (
        {"traceSamplingPercent": True},
        "traceSamplingPercent: True is not allowed; it must be a whole number from 0 to 100",
    ),
    (
        {PASSWORD: None},
        f"{PASSWORD}: missing; set one with: pulumi config set --secret {PASSWORD}",
    ),
    ({PASSWORD: " "}, f"{PASSWORD}: missing; set one with: pulumi config set --secret {PASSWORD}"),
    ({PASSWORD: "admin"}, f"{PASSWORD}: {WEAK}"),
    ({PASSWORD: "prom-operator"}, f"{PASSWORD}: {WEAK}"),
    ({"servers": "fetch"}, "servers: 'fetch' is not allowed; it must be a list of servers"),
    (
        {"servers": ["fetch"]},
        "servers[0]: 'fetch' is not allowed; it must be a map with name, runtime, image, transport",
    ),
    (
        {"servers": [TOOLHIVE, {**STDIO, "name": "fetch"}]},
        "servers[1].name: 'fetch' is not allowed; another server has this name",
    ),
    (server(TOOLHIVE, name=...), f"servers[0].name: missing; {REQUIRED}"),
    (server(TOOLHIVE, image=...), f"servers[0].image: missing; {REQUIRED}"),
    (server(TOOLHIVE, imgae="x"), "servers[0].imgae: unknown key; did you mean image?"),
    (server(TOOLHIVE, name="Fetch"), f"servers[0].name: 'Fetch' is not allowed; {LABEL}"),
    (server(TOOLHIVE, name="9lives"), f"servers[0].name: '9lives' is not allowed; {LABEL}"),
    (server(TOOLHIVE, name="a" * 51), f"servers[0].name: '{'a' * 51}' is not allowed; {LABEL}"),
    (
        server(TOOLHIVE, runtime="docker"),
        "servers[0].runtime: 'docker' is not allowed; allowed: toolhive, proxy",
    ),
    (
        server(TOOLHIVE, transport="http"),
        "servers[0].transport: 'http' is not allowed; allowed: stdio, streamable-http, sse",
    ),
    (server(TOOLHIVE, image="fetch"), f"servers[0].image: 'fetch' is not allowed; {FIXED}"),
    (
        server(TOOLHIVE, image="host:5000/fetch"),
        f"servers[0].image: 'host:5000/fetch' is not allowed; {FIXED}",
    ),
    (
        server(TOOLHIVE, port=70000),
        "servers[0].port: 70000 is not allowed; it must be a whole number from 1 to 65535",
    ),
    (
        server(HTTP, port=...),
        "servers[0].port: missing; give the port of the server in its pod",
    ),
    (
        server(HTTP, port=8080),
        "servers[0].port: 8080 is not allowed; the proxy in the same pod uses it; choose another",
    ),
    (
        server(STDIO, port=9000),
        "servers[0].port: 9000 is not allowed;"
        " only a server with an HTTP transport has a port; leave it out",
    ),
    (
        server(STDIO, command=...),
        "servers[0].command: missing; transport stdio needs the command to run",
    ),
    (
        server(STDIO, command=[]),
        "servers[0].command: missing; transport stdio needs the command to run",
    ),
    (
        server(STDIO, command="echo"),
        "servers[0].command: 'echo' is not allowed; it must be a list of text",
    ),
    (
        server(STDIO, command=["echo", 1]),
        "servers[0].command[1]: 1 is not allowed; it must be text",
    ),
    (
        server(TOOLHIVE, command=["fetch"]),
        "servers[0].command: ['fetch'] is not allowed;"
        " only servers with runtime proxy and transport stdio have a command",
    ),
    (
        server(STDIO, args=["-v"]),
        "servers[0].args: ['-v'] is not allowed; put the arguments into command",
    ),
    (
        server(HTTP, path="mcp"),
        "servers[0].path: 'mcp' is not allowed; it must be a URL path that starts with /",
    ),
    (
        server(HTTP, env=["A=1"]),
        "servers[0].env: ['A=1'] is not allowed; it must be a map from variable names to text",
    ),
    (
        server(HTTP, env={"A-B": "1"}),
        "servers[0].env: 'A-B' is not allowed; it must be an environment variable's name",
    ),
    (
        server(HTTP, env={"A": 1}),
        "servers[0].env.A: 1 is not allowed;"
        " it must be text or valueFrom; quote numbers and booleans",
    ),
]


@pytest.mark.parametrize(("mapping", "line"), MISTAKES)
def test_each_mistake_is_one_exact_line(mapping: dict[str, object], line: str) -> None:
    assert refused(mapping) == line


def test_a_weak_password_is_never_repeated_in_the_error() -> None:
    assert "hunter2" not in refused({PASSWORD: "hunter2"})


def test_what_is_left_out_has_its_default() -> None:
    config = parse({PASSWORD: GOOD_PASSWORD})
    assert config == StackConfig(password=SecretValue(GOOD_PASSWORD))
    assert config.architecture.name == next(iter(ARCHITECTURES)) == "otel-scrape"
    assert parse({PASSWORD: GOOD_PASSWORD, **DEFAULTS}) == config


def test_intervals_leave_two_samples_in_every_window_and_telemetry_fresh() -> None:
    rate_interval = 4 * _seconds(MIN_STEP)  # Grafana's $__rate_interval
    shortest = min(rate_interval, *map(_seconds, RATED))
    assert shortest >= 2 * (MAX_INTERVAL_SECONDS + MAX_INTERVAL_SECONDS)
    assert limits.FRESHNESS_SECONDS.warning == 2 * MAX_INTERVAL_SECONDS


def _seconds(window: str) -> int:
    return int(window[:-1]) * {"m": 60, "h": 3600}[window[-1]]


def test_everything_given_is_kept_and_typed() -> None:
    config = parse(
        {
            PASSWORD: GOOD_PASSWORD,
            "architecture": "hybrid",
            "profile": "tutorial",
            "chartSource": "charts",
            "operatorScope": ["mcp-servers", "team-a"],
            "servers": SERVERS,
            "proxyImage": "host:5000/proxy@sha256:" + "0" * 64,
            "scrapeIntervalSeconds": 30,
            "pushIntervalSeconds": 10,
            "traceSamplingPercent": 0,
        }
    )
    assert config.architecture is ARCHITECTURES["hybrid"]
    assert config.profile is Profile.TUTORIAL
    assert config.chart_folder == "charts"
    assert config.operator_namespaces == ("mcp-servers", "team-a")
    assert (config.scrape_interval_seconds, config.push_interval_seconds) == (30, 10)
    assert config.trace_sampling_percent == 0
    assert config.servers[2:] == (
        Server(
            "search",
            ServerRuntime.PROXY,
            "registry.example/search:1.0.0",
            Transport.STREAMABLE_HTTP,
            port=9000,
            path="/rpc",
            arguments=("--verbose",),
            environment=(("LEVEL", "3"),),
        ),
        Server(
            "echo",
            ServerRuntime.PROXY,
            "registry.example/echo:1.0.0",
            Transport.STDIO,
            command=("python", "-m", "echo"),
        ),
    )


def test_toolhive_servers_may_leave_the_port_to_the_default_and_may_speak_sse() -> None:
    (found,) = parse(
        {PASSWORD: GOOD_PASSWORD, **server(TOOLHIVE, port=..., transport="sse")}
    ).servers
    assert (found.port, found.transport) == (8080, Transport.SSE)


def test_an_sse_server_behind_our_proxy_is_reached_at_sse_unless_a_path_is_given() -> None:
    for told, path in ((..., "/sse"), ("/events", "/events")):
        settings = {PASSWORD: GOOD_PASSWORD, **server(HTTP, transport="sse", path=told)}
        (found,) = parse(settings).servers
        assert (found.transport, found.path) == (Transport.SSE, path)


def test_no_secret_is_in_the_representation_of_a_configuration() -> None:
    config = parse({PASSWORD: GOOD_PASSWORD, "servers": sealed(SERVERS)})
    assert GOOD_PASSWORD not in repr(config)
    assert config.servers[2].environment == (("LEVEL", SecretValue("3")),)
    assert (config.servers[2].name, config.servers[2].port) == ("search", 9000)


@pytest.mark.parametrize(
    "change", [{"env": {"A": 1234567}}, {"image": "1234567"}, {"port": "1234567"}]
)
def test_a_mistake_in_a_secret_key_is_reported_without_its_value(change: dict[str, Any]) -> None:
    line = refused({"servers": sealed([{**HTTP, **change}])})
    assert "[secret] is not allowed" in line
    assert "1234567" not in line


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.dictionaries(st.sampled_from(SERVER_KEYS), ANYTHING)


def complaint(mapping: dict[str, object]) -> str:
    """What parse says about a mapping; nothing if it takes it."""
    try:
        parse(mapping)
    except ConfigError as error:
        return str(error)
    return ""


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(), ANYTHING))
def test_any_mapping_is_either_a_configuration_or_a_line_for_each_mistake(
    mapping: dict[str, object],
) -> None:
    assert all(line.startswith(P) for line in complaint(mapping).splitlines())


@given(st.sampled_from([TOOLHIVE, HTTP, STDIO]), ENTRY)
def test_any_server_is_either_a_server_or_a_line_for_each_mistake(
    base: dict[str, object], changes: dict[str, object]
) -> None:
    lines = complaint({PASSWORD: GOOD_PASSWORD, "servers": [{**base, **changes}]}).splitlines()
    assert all(line.startswith(f"{P}servers[0]") for line in lines)


@given(st.from_regex(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?", fullmatch=True))
def test_every_service_name_that_is_short_enough_is_a_servers_name(name: str) -> None:
    (found,) = parse({PASSWORD: GOOD_PASSWORD, "servers": [{**TOOLHIVE, "name": name}]}).servers
    assert found.name == name
