"""The stack that follows from the choices of a run of local processes. Pure."""

from lab.choices import Choices, LocalServer
from stacks.config import StackConfig
from stacks.servers import Server, ServerRuntime, Transport

# The same on a cluster and here, where nothing pulls it.
_IMAGE = "echo-server:0.1.0"


def stack_config(choices: Choices) -> StackConfig:
    """The stack that runs: echo servers behind our proxy, every interval one second."""
    return StackConfig(
        architecture=choices.architecture,
        servers=tuple(_server(each, choices) for each in choices.servers),
        scrape_interval_seconds=1,
        push_interval_seconds=1,
    )


def _server(local: LocalServer, choices: Choices) -> Server:
    if local.transport is Transport.STDIO:
        command = choices.stdio_command
        return Server(local.name, ServerRuntime.PROXY, _IMAGE, local.transport, command=command)
    port = int(choices.addresses.echoes[local.process].rpartition(":")[2])
    return Server(local.name, ServerRuntime.PROXY, _IMAGE, local.transport, port=port, path="/mcp")
