"""A FastMCP server over each of MCP's transports; run it as a script.

Over HTTP it prints its address as a line of JSON on stderr.
"""

import asyncio
import json
import os
import socket
import sys

import uvicorn
from fastmcp import Context, FastMCP

SERVER: FastMCP = FastMCP("fastmcp")


@SERVER.tool
def echo(text: str) -> str:
    """Return the text."""
    return text


@SERVER.tool
def fail() -> str:
    """Fail."""
    raise ValueError("as asked")


@SERVER.tool
async def steps(count: int, context: Context) -> str:
    """Report so many steps of progress."""
    for number in range(count):
        await context.report_progress(number + 1, count)
    return "done"


@SERVER.tool
async def ask(context: Context) -> str:
    """Ask the user for a name."""
    answer = await context.elicit("Who are you?", response_type=str)
    return f"{answer.action} {getattr(answer, 'data', '')}"


@SERVER.tool
def die() -> str:
    """End the process in the middle of an answer."""
    os._exit(3)


async def serve(transport: str) -> None:
    """Listen at a free port of loopback."""
    path = "/sse" if transport == "sse" else "/mcp"
    app = SERVER.http_app(path, transport="sse" if transport == "sse" else "http")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = {"listen": f"127.0.0.1:{listener.getsockname()[1]}"}
        print(json.dumps(answer), file=sys.stderr, flush=True)
        settings = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        await uvicorn.Server(settings).serve(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        SERVER.run("stdio", show_banner=False)
    else:
        asyncio.run(serve(sys.argv[1]))
