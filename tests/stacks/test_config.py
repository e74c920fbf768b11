"""Every configuration mistake is one line that names the key, the value and what is allowed."""

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
from stacks.servers import Server, ServerRuntime, Transport
from tests.stacks.stack import GOOD_PASSWORD, SERVERS

P = "mcp-observability:"
SCOPE = "allowed: cluster, or a list of namespaces with that of the servers"
FIXED = "it must be an image with a fixed tag or digest, not latest"
WEAK = "the given password is too short or a well-known default; it must have at least 8 characters"


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


def test_no_secret_is_in_the_representation_of_a_configuration() -> None:
    config = parse({PASSWORD: GOOD_PASSWORD, "servers": sealed(SERVERS)})
    assert GOOD_PASSWORD not in repr(config)
    assert config.servers[2].environment == (("LEVEL", SecretValue("3")),)
    assert (config.servers[2].name, config.servers[2].port) == ("search", 9000)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


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
