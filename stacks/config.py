"""The stack's configuration: all keys and their checks.

Pure: `parse` takes plain values; `pulumi_config.py` reads them from Pulumi.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stacks import fields
from stacks.architectures import ARCHITECTURES, OTEL_SCRAPE, Architecture
from stacks.charts import Namespace, Profile
from stacks.fields import ConfigError
from stacks.secret_values import SecretValue, revealed
from stacks.servers import Server, ServerRuntime, parse_server

__all__ = ["ConfigError", "StackConfig", "parse"]

PROJECT = "mcp-observability"
PASSWORD = "grafanaAdminPassword"
REPOSITORIES = "repositories"
CLUSTER = "cluster"

PASSWORD_MINIMUM = 8
# Defaults of charts and tutorials; shorter ones, such as admin, need no entry.
DEFAULT_PASSWORDS = frozenset({"prom-operator", "password", "changeme", "adminadmin", "admin123"})


@dataclass(frozen=True, slots=True)
class StackConfig:
    """A valid configuration.

    `chart_folder` is None if charts come from their repositories. `operator_namespaces` is empty if
    ToolHive's operator may use the whole cluster.
    """

    architecture: Architecture = OTEL_SCRAPE
    profile: Profile = Profile.CURRENT
    password: SecretValue = SecretValue("")
    chart_folder: str | None = None
    operator_namespaces: tuple[str, ...] = ()
    servers: tuple[Server, ...] = ()
    proxy_image: str = "mcp-observability-proxy:0.1.0"
    scrape_interval_seconds: int = 15
    push_interval_seconds: int = 15
    trace_sampling_percent: int = 100
    allowed_context: str | None = None

    def servers_of(self, runtime: ServerRuntime) -> tuple[Server, ...]:
        """The servers of one runtime, in the given order."""
        return tuple(server for server in self.servers if server.runtime is runtime)


KEYS = (
    "architecture",
    "profile",
    PASSWORD,
    "chartSource",
    "operatorScope",
    "servers",
    "proxyImage",
    "scrapeIntervalSeconds",
    "pushIntervalSeconds",
    "traceSamplingPercent",
    "allowContext",
)


def _key(name: str) -> str:
    return f"{PROJECT}:{name}"


def _architecture(value: object) -> Architecture:
    given = revealed(value)
    if isinstance(given, str) and given in ARCHITECTURES:
        return ARCHITECTURES[given]
    raise fields.refuse(_key("architecture"), value, f"allowed: {', '.join(ARCHITECTURES)}")


def _profile(value: object) -> Profile:
    if revealed(value) == "seed":
        raise fields.refuse(_key("profile"), value, f"it is called {Profile.TUTORIAL} now")
    return fields.choice(Profile, _key("profile"), value)


def _password(value: object) -> SecretValue:
    key, given = _key(PASSWORD), revealed(value)
    if fields.is_output(value):
        return SecretValue(given)
    if not isinstance(given, str) or not given.strip():
        raise ConfigError(f"{key}: missing; set one with: pulumi config set --secret {PASSWORD}")
    if len(given) < PASSWORD_MINIMUM or given in DEFAULT_PASSWORDS:
        raise ConfigError(
            f"{key}: the given password is too short or a well-known default;"
            f" it must have at least {PASSWORD_MINIMUM} characters"
        )
    return SecretValue(given)


def _allowed_context(value: object) -> str | None:
    return None if value == "" else fields.text(_key("allowContext"), value)


def _chart_folder(value: object) -> str | None:
    source = fields.text(_key("chartSource"), value)
    return None if source == REPOSITORIES else source


def _operator_namespaces(value: object) -> tuple[str, ...]:
    key, given = _key("operatorScope"), revealed(value)
    if given == CLUSTER:
        return ()
    if not isinstance(given, list) or Namespace.SERVERS not in given:
        raise fields.refuse(
            key, value, f"allowed: {CLUSTER}, or a list of namespaces with {Namespace.SERVERS}"
        )
    return fields.items(fields.namespace, key, value, "namespaces")


def _servers(value: object) -> tuple[Server, ...]:
    servers = fields.items(parse_server, _key("servers"), value, "servers")
    seen: set[str] = set()
    for index, server in enumerate(servers):
        if server.name in seen:
            key = _key(f"servers[{index}].name")
            raise fields.refuse(key, server.name, "another server has this name")
        seen.add(server.name)
    return servers


def parse(mapping: Mapping[str, object]) -> StackConfig:
    """Check all keys (without the project's prefix). Raises ConfigError."""
    fields.known_keys(f"{PROJECT}:", mapping, KEYS)
    given = {**DEFAULTS, **mapping}
    profile = _profile(given["profile"])
    return StackConfig(
        architecture=_architecture(given["architecture"]),
        profile=profile,
        chart_folder=_chart_folder(given["chartSource"]),
        operator_namespaces=_operator_namespaces(given["operatorScope"]),
        servers=_servers(given["servers"]),
        proxy_image=fields.image(_key("proxyImage"), given["proxyImage"]),
        scrape_interval_seconds=_seconds("scrapeIntervalSeconds", given),
        push_interval_seconds=_seconds("pushIntervalSeconds", given),
        trace_sampling_percent=fields.integer(
            _key("traceSamplingPercent"), given["traceSamplingPercent"], 0, 100
        ),
        password=_password(given.get(PASSWORD)),
        allowed_context=_allowed_context(given["allowContext"]),
    )


def _seconds(name: str, given: Mapping[str, object]) -> int:
    return fields.integer(_key(name), given[name], 1, 300)


_DEFAULT = StackConfig()
DEFAULTS: dict[str, object] = {
    "architecture": _DEFAULT.architecture.name,
    "profile": _DEFAULT.profile.value,
    "chartSource": REPOSITORIES,
    "operatorScope": CLUSTER,
    "servers": [],
    "proxyImage": _DEFAULT.proxy_image,
    "scrapeIntervalSeconds": _DEFAULT.scrape_interval_seconds,
    "pushIntervalSeconds": _DEFAULT.push_interval_seconds,
    "traceSamplingPercent": _DEFAULT.trace_sampling_percent,
    "allowContext": "",
}
"""Defaults of all keys but the password, which has none."""
