"""A stdio MCP server whose tools misbehave on request; run it as a script.

Each tool's name is a key of TOOLS; `pid` in every result is the server's process id.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def send(message: Json) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def receive() -> Json:
    """Read the next message; the end of input ends the server."""
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    message: Json = json.loads(line)
    return message


heard: list[Json] = []
"""The notifications that came so far, and what else was no request."""


def reply(request: Json, **fields: Any) -> None:
    """Answer with a result."""
    send({"id": request["id"], "result": {"pid": os.getpid(), **fields}})


def echo(request: Json) -> None:
    """Answer with the parameters that came."""
    reply(request, received=request.get("params"))


def fail(request: Json) -> None:
    """Answer that the tool failed."""
    reply(request, isError=True)


def unknown(request: Json) -> None:
    """Answer with a JSON-RPC error."""
    send({"id": request["id"], "error": {"code": -32602, "message": "unknown tool"}})


def progress(request: Json) -> None:
    """Report progress, then answer."""
    token = request["params"]["_meta"]["progressToken"]
    send({"method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
    reply(request)


def ask(request: Json) -> None:
    """Ask the client for its roots, and answer with what it said."""
    send({"id": "server-1", "method": "roots/list"})
    reply(request, roots=receive()["result"])


def spontaneous(request: Json) -> None:
    """Answer, then send a notification of its own accord."""
    reply(request)
    send({"method": "notifications/tools/list_changed"})


def spawn(request: Json) -> None:
    """Start a child of its own, and answer with its process id."""
    child = subprocess.Popen(["sleep", "600"])
    reply(request, child=child.pid)


def grumble(request: Json) -> None:
    """Write to stderr and noise to stdout, then answer."""
    print("something to say", file=sys.stderr, flush=True)
    print("this is no message", flush=True)
    reply(request)


def die(request: Json) -> None:
    """Exit without an answer."""
    os._exit(3)


def crash(request: Json) -> None:
    """Be killed by a signal, without an answer."""
    os.kill(os.getpid(), signal.SIGKILL)


def twice(request: Json) -> None:
    """Answer twice."""
    reply(request)
    reply(request)


def huge(request: Json) -> None:
    """Answer with as many bytes as asked."""
    reply(request, text="x" * request["params"]["arguments"]["bytes"])


def flood(request: Json) -> None:
    """Send notifications until as many bytes are written as asked, then answer."""
    for _ in range(request["params"]["arguments"]["bytes"] // 100_000):
        send({"method": "notifications/message", "params": {"data": "x" * 100_000}})
    reply(request)


def told(request: Json) -> None:
    """Answer with what was heard beside requests."""
    reply(request, heard=heard)


def hang(request: Json) -> None:
    """Never answer."""


TOOLS: dict[str, Callable[[Json], None]] = {
    each.__name__: each
    for each in (
        echo, fail, unknown, progress, ask, spontaneous, spawn, grumble, die, twice, huge, flood,
        hang, crash, told,
    )
}  # fmt: skip


def serve() -> None:
    """Answer until the input ends."""
    while True:
        message = receive()
        if message.get("method") == "tools/call":
            TOOLS[message["params"]["name"]](message)
        elif message.get("method") == "initialize":
            reply(message, protocolVersion=message["params"]["protocolVersion"])
        else:
            heard.append(message)


if __name__ == "__main__":
    serve()
