"""What is secret of an MCP server: a Secret, and references to it.

Secret words of a command line and secret headers are environment variables, too: Kubernetes expands
`$(VARIABLE)` in the former.
"""

from collections.abc import Iterable
from typing import TypeVar

from stacks.secret_values import SecretValue, Text, checksum
from stacks.servers import Server, ValueFrom
from stacks.values import Values

Each = TypeVar("Each")

TOKEN = "MCP_PROXY_BEARER_TOKEN"
CHECKSUM = "mcp-observability/secret-checksum"


def name(server: Server) -> str:
    """The name of the server's Secret."""
    return f"{server.name}-env"


def secrets(server: Server) -> dict[str, SecretValue]:
    """The secret values by the names of their environment variables."""
    every = (
        *server.environment,
        *_numbered("COMMAND", server.command),
        *_numbered("ARGUMENT", server.arguments),
        *_numbered("HEADER", (each for _, each in server.headers)),
        (TOKEN, server.token),
    )
    return {name: each for name, each in every if isinstance(each, SecretValue)}


def objects(servers: Iterable[Server], namespace: str) -> tuple[Values, ...]:
    """The Secrets of the servers that have secret values."""
    return tuple(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name(server), "namespace": namespace},
            "type": "Opaque",
            "stringData": found,
        }
        for server in servers
        if (found := secrets(server))
    )


def reference(server: Server, variable: str, value: Text | ValueFrom) -> Values | None:
    """Where the value of a variable is, as its `valueFrom`; None if it is plain text."""
    if isinstance(value, ValueFrom):
        return value.source
    if isinstance(value, SecretValue):
        return {"secretKeyRef": {"name": name(server), "key": variable}}
    return None


def variables(server: Server) -> list[Values]:
    """All environment variables for a container; values that are not plain are references."""
    words = (*_numbered("COMMAND", server.command), *_numbered("ARGUMENT", server.arguments))
    secret_words = ((name, each) for name, each in words if isinstance(each, SecretValue))
    return [
        {"name": name, "value": each}
        if (source := reference(server, name, each)) is None
        else {"name": name, "valueFrom": source}
        for name, each in (*server.environment, *secret_words)
    ]


def proxy_variables(server: Server) -> list[Values]:
    """Variables for our proxy: the values of headers, and the token of clients."""
    every = [(name, each) for _, name, each in headers(server)]
    if server.token:
        every.append((TOKEN, server.token))
    return [
        {"name": name, "value": each}
        if (source := reference(server, name, each)) is None
        else {"name": name, "valueFrom": source}
        for name, each in every
    ]


def command(server: Server) -> list[str]:
    """The server's command for a container with these variables."""
    return _expanded("COMMAND", server.command)


def arguments(server: Server) -> list[str]:
    """The server's arguments for a container with these variables."""
    return _expanded("ARGUMENT", server.arguments)


def headers(server: Server) -> list[tuple[str, str, Text | ValueFrom]]:
    """Each header with the environment variable that has its value."""
    return [
        (header, f"HEADER_{index}", each) for index, (header, each) in enumerate(server.headers)
    ]


def annotations(server: Server) -> Values:
    """Metadata of a pod that restarts it when the server's secrets change."""
    found = secrets(server)
    return {"annotations": {CHECKSUM: checksum(name(server), found)}} if found else {}


def _numbered(prefix: str, values: Iterable[Each]) -> Iterable[tuple[str, Each]]:
    return ((f"{prefix}_{index}", each) for index, each in enumerate(values))


def _expanded(prefix: str, words: Iterable[Text]) -> list[str]:
    return [
        f"$({name})" if isinstance(each, SecretValue) else each
        for name, each in _numbered(prefix, words)
    ]
