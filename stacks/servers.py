"""The MCP servers of a stack: what runs them, how, and which transport they use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stacks.secret_values import SecretValue, Text
from stacks.values import Values


class ServerRuntime(StrEnum):
    """What runs the server and proxies it."""

    TOOLHIVE = "toolhive"
    PROXY = "proxy"


class Transport(StrEnum):
    """The transport of the server itself."""

    STDIO = "stdio"
    STREAMABLE_HTTP = "streamable-http"
    SSE = "sse"


DEFAULT_PATHS = {Transport.SSE: "/sse"}
"""Default paths other than `DEFAULT_PATH`."""
DEFAULT_PATH = "/mcp"


@dataclass(frozen=True, slots=True)
class ValueFrom:
    """A value that the cluster holds, as the `valueFrom` of an environment variable."""

    source: Values


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of the pod; without a mount path, only `podTemplateSpec` mounts it."""

    name: str
    source: Values
    mount: Values | None = None


@dataclass(frozen=True, slots=True)
class ServerSecurity:
    """User and group of the server's container, and its writable paths besides /tmp and HOME."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    fs_group: int | None = None
    read_only_root: bool = True
    writable_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sessions:
    """How many sessions a stdio server has, each a process unless they share one."""

    most: int = 10
    memory: str = "64Mi"
    shared: bool = False


@dataclass(frozen=True, slots=True)
class JwtAuth:
    """An issuer of JSON Web Tokens, and their audience.

    `principal_claim` names the principal in telemetry; None: principals are not recorded.
    """

    issuer: str
    keys_url: str
    audience: str
    principal_claim: str | None = None


@dataclass(frozen=True, slots=True)
class Ingress:
    """How clients outside the cluster reach the server."""

    host: str
    class_name: str | None = None
    tls_secret: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Without a path."""
        return f"{'https' if self.tls_secret else 'http'}://{self.host}"


@dataclass(frozen=True, slots=True)
class Server:
    """One MCP server.

    `port` is the server's own port, None for stdio. `command` starts a stdio server as a child of
    our proxy; `arguments` are appended to the image's entry point. A remote server has a `url`
    instead of an image; `certificates` names the CA bundle for it, as the source of a volume,
    `tool_baseline` likewise a file of approved tools.
    Clients need `token` or a JSON Web Token, if one is set.
    """

    name: str
    runtime: ServerRuntime
    image: str
    transport: Transport
    port: int | None = None
    path: str = DEFAULT_PATH
    command: tuple[Text, ...] = ()
    arguments: tuple[Text, ...] = ()
    environment: tuple[tuple[str, Text | ValueFrom], ...] = ()
    url: str | None = None
    headers: tuple[tuple[str, Text | ValueFrom], ...] = ()
    certificates: Values | None = None
    tool_baseline: Values | None = None
    replicas: int = 1
    resources: Values = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    service_account: str | None = None
    image_pull_secrets: tuple[str, ...] = ()
    node_selector: Values = field(default_factory=dict)
    tolerations: tuple[Any, ...] = ()
    pod_template: Values = field(default_factory=dict)
    permission_profile: Values = field(default_factory=dict)
    security: ServerSecurity = ServerSecurity()
    sessions: Sessions = Sessions()
    token: SecretValue | ValueFrom | None = None
    jwt: JwtAuth | None = None
    ingress: Ingress | None = None
