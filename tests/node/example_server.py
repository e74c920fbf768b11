"""An MCP server by the official SDK, as an image runs it: `example_server.py http|stdio NAME`."""

import sys

from mcp.server.mcpserver import MCPServer

transport, name = sys.argv[1:]
server = MCPServer(name)


@server.tool()
def echo(text: str) -> str:
    """Say it again."""
    return text


@server.tool()
def fail(text: str = "") -> str:
    """Raise an error."""
    raise ValueError(f"asked to fail: {text}")


if transport == "stdio":
    server.run(transport="stdio")
else:
    server.run(transport="streamable-http", host="0.0.0.0", port=9000)
