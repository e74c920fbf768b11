"""What is secret of an MCP server: a Secret, and references to it.

Secret words of a command line are environment variables, too: Kubernetes expands `$(VARIABLE)`.
"""

from collections.abc import Iterable

from stacks.charts import Namespace
from stacks.secret_values import SecretValue, Text, checksum
from stacks.servers import Server
from stacks.values import Values

CHECKSUM = "mcp-observability/secret-checksum"


def name(server: Server) -> str:
    """The name of the server's Secret."""
    return f"{server.name}-env"


def secrets(server: Server) -> dict[str, SecretValue]:
    """The secret values by the names of their environment variables."""
    words = (*_numbered("COMMAND", server.command), *_numbered("ARGUMENT", server.arguments))
    every = (*server.environment, *words)
    return {name: each for name, each in every if isinstance(each, SecretValue)}


def objects(servers: Iterable[Server]) -> tuple[Values, ...]:
    """The Secrets of the servers that have secret values."""
    return tuple(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name(server), "namespace": Namespace.SERVERS.value},
            "type": "Opaque",
            "stringData": found,
        }
        for server in servers
        if (found := secrets(server))
    )


def plain_variables(server: Server) -> list[Values]:
    """The environment variables that are not secret, for a container."""
    return [
        {"name": name, "value": each}
        for name, each in server.environment
        if not isinstance(each, SecretValue)
    ]


def variables(server: Server) -> list[Values]:
    """All environment variables for a container; secret ones refer to the Secret."""
    references = [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": name(server), "key": variable}}}
        for variable in secrets(server)
    ]
    return [*plain_variables(server), *references]


def command(server: Server) -> list[str]:
    """The server's command for a container with these variables."""
    return _expanded("COMMAND", server.command)


def arguments(server: Server) -> list[str]:
    """The server's arguments for a container with these variables."""
    return _expanded("ARGUMENT", server.arguments)


def annotations(server: Server) -> Values:
    """Metadata of a pod that restarts it when the server's secrets change."""
    found = secrets(server)
    return {"annotations": {CHECKSUM: checksum(name(server), found)}} if found else {}


def _numbered(prefix: str, words: Iterable[Text]) -> Iterable[tuple[str, Text]]:
    return ((f"{prefix}_{index}", each) for index, each in enumerate(words))


def _expanded(prefix: str, words: Iterable[Text]) -> list[str]:
    return [
        f"$({name})" if isinstance(each, SecretValue) else each
        for name, each in _numbered(prefix, words)
    ]
