"""A server of the official SDK over each of MCP's transports; run it as a script.

Over HTTP it prints its address as a line of JSON on stderr.
"""

import asyncio
import json
import os
import socket
import sys

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from pydantic import BaseModel

SERVER = MCPServer("sdk")


class Name(BaseModel):
    """What is asked for."""

    name: str


@SERVER.tool()
def echo(text: str) -> str:
    """Return the text."""
    return text


@SERVER.resource("note://one")
def note() -> str:
    """A note of 3000 characters."""
    return "x" * 3000


@SERVER.prompt()
def greet() -> str:
    """Say hello."""
    return "hello"


@SERVER.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("as asked")


@SERVER.tool()
def huge(count: int) -> str:
    """Return that many characters."""
    return "x" * count


@SERVER.tool()
async def steps(count: int, context: Context) -> str:
    """Report so many steps of progress."""
    for number in range(count):
        await context.report_progress(number + 1, count)
    return "done"


@SERVER.tool()
async def ask(context: Context) -> str:
    """Ask the user for a name."""
    answer = await context.elicit("Who are you?", Name)
    return f"{answer.action} {answer.data.name if answer.action == 'accept' else ''}"


@SERVER.tool()
async def hang() -> str:
    """Answer when the client no longer waits."""
    await anyio.sleep(600)
    return "late"


@SERVER.tool()
def die() -> str:
    """End the process in the middle of an answer."""
    os._exit(3)


@SERVER.tool()
def evolve() -> str:
    """Describe a tool in another way from now on."""
    SERVER.remove_tool("die")
    SERVER.add_tool(die, description="End the process, and say so from now on.")
    return "done"


async def serve(transport: str) -> None:
    """Listen at a free port of loopback."""
    app = SERVER.sse_app() if transport == "sse" else SERVER.streamable_http_app()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = {"listen": f"127.0.0.1:{listener.getsockname()[1]}"}
        print(json.dumps(answer), file=sys.stderr, flush=True)
        settings = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        await uvicorn.Server(settings).serve(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        SERVER.run("stdio")
    else:
        asyncio.run(serve(sys.argv[1]))
