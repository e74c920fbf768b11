"""A stdio MCP server whose tools misbehave on request; run it as a script.

Each tool's name is a key of TOOLS; `pid` in every result is the server's process id. With the
argument `modern` it speaks 2026-07-28 and no `initialize`; with `strict` it exits on any other
message before `initialize`, once the FIFO was opened that the variable GATE names, if any.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = dict[str, Any]

MODERN = "modern"
STRICT = "strict"
OFFERED: Json = {
    "tools": {"listChanged": True},
    "resources": {"subscribe": True},
    "logging": {},
}
VERSION = "2026-07-28"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


def send(*messages: Json) -> None:
    """Write messages, all at once."""
    lines = (json.dumps({"jsonrpc": "2.0", **each}) + "\n" for each in messages)
    sys.stdout.write("".join(lines))
    sys.stdout.flush()


def receive() -> Json:
    """Read the next message; the end of input ends the server."""
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    message: Json = json.loads(line)
    return message


MARK = "MCP_OBSERVABILITY_PROCESS"
DAEMON = """
import subprocess
nothing = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
print(subprocess.Popen(["sleep", "600"], start_new_session=True, **nothing).pid)
"""
"""Leaves an orphan in a session of its own, and prints its id."""

subscriptions: dict[Any, Json] = {}
uris: list[str] = []
levels: list[str] = []
received: list[Json] = []
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


def narrate(request: Json) -> None:
    """Report progress until as many bytes are written as asked, then answer."""
    token = request["params"]["_meta"]["progressToken"]
    for number in range(request["params"]["arguments"]["bytes"] // 100_000):
        params = {"progressToken": token, "progress": number, "message": "x" * 100_000}
        send({"method": "notifications/progress", "params": params})
    reply(request)


def farewell(request: Json) -> None:
    """The same, and exit."""
    narrate(request)
    os._exit(0)


def ask(request: Json) -> None:
    """Ask the client for its roots, or what `arguments.method` says; answer with what it said."""
    method = request["params"].get("arguments", {}).get("method", "roots/list")
    if MODERN in sys.argv:
        require(request, method)
        return
    send({"id": "server-1", "method": method, "params": {}})
    reply(request, roots=receive()["result"])


def spontaneous(request: Json) -> None:
    """Answer and, in one write, send a notification of its own accord, or to those who listen."""
    named: list[Json] = [{"params": {"_meta": {SUBSCRIPTION: each}}} for each in subscriptions]
    changed = [{"method": "notifications/tools/list_changed", **each} for each in named or [{}]]
    send({"id": request["id"], "result": {"pid": os.getpid()}}, *changed)


def spawn(request: Json) -> None:
    """Start a process of its own, `arguments.kind` of it, and answer with its id."""
    kind = request["params"].get("arguments", {}).get("kind", "child")
    if kind in ("child", "session"):
        child = subprocess.Popen(["sleep", "600"], start_new_session=kind == "session")
        reply(request, child=child.pid)
        return
    dropped = {"kept": MARK}.get(kind)
    environment = {name: value for name, value in os.environ.items() if name != dropped}
    answer = subprocess.check_output([sys.executable, "-c", DAEMON], env=environment)
    reply(request, child=int(answer))


def grumble(request: Json) -> None:
    """Write to stderr and noise to stdout, then answer."""
    print("something to say", file=sys.stderr, flush=True)
    print("this is no message", flush=True)
    reply(request)


def die(request: Json) -> None:
    """Exit without an answer."""
    os._exit(3)


def crash(request: Json) -> None:
    """Be killed by a signal, without an answer; or exit as a launcher whose process was."""
    arguments = request["params"].get("arguments", {})
    number = signal.Signals[arguments.get("signal", "SIGKILL")]
    if arguments.get("launched"):
        os._exit(128 + number)
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)  # Who started the tests may ignore it.
    os.kill(os.getpid(), number)


def require(request: Json, method: str = "roots/list") -> None:
    """Need the client's roots or the like, and answer with what it said."""
    brought = request["params"].get("inputResponses")
    if brought is None:
        asked = {"where": {"method": method, "params": {}}}
        reply(request, resultType="input_required", inputRequests=asked, requestState="state")
    else:
        reply(request, roots=brought["where"], state=request["params"]["requestState"])


def log(request: Json) -> None:
    """Log a message if that is asked for, then answer."""
    meta = request["params"].get("_meta", {})
    if levels or LOG_LEVEL in meta:
        send({"method": "notifications/message", "params": {"level": "info", "data": "log"}})
    reply(request)


def odd(request: Json) -> None:
    """Send a notification of no known revision, then answer."""
    send({"method": "notifications/odd", "params": {"odd": 1}})
    reply(request)


def touch(request: Json) -> None:
    """Answer, then announce an update of every subscribed resource."""
    reply(request)
    for uri in uris:
        send({"method": "notifications/resources/updated", "params": {"uri": uri}})
    for subscription, wanted in subscriptions.items():
        for uri in wanted.get("resourceSubscriptions", ()):
            params = {"_meta": {SUBSCRIPTION: subscription}, "uri": uri}
            send({"method": "notifications/resources/updated", "params": params})


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


def notifications(request: Json) -> None:
    """Answer with the notifications so far."""
    reply(request, notifications=received)


def hang(request: Json) -> None:
    """Never answer."""


def half(request: Json) -> None:
    """Exit within the answer."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {}})[:-4])
    sys.stdout.flush()
    os._exit(3)


def mute(request: Json) -> None:
    """Close stdout, and live on."""
    os.close(sys.stdout.fileno())


def garbage(request: Json) -> None:
    """Answer with bytes that are no message."""
    sys.stdout.buffer.write(b'\x00\xff{{{\n[]\n{"id":\n\n')
    sys.stdout.flush()


def stranger(request: Json) -> None:
    """Answer a request that was never sent."""
    send({"id": "unsent", "result": {}})


def write(request: Json) -> None:
    """Write a line that the test names, its characters as bytes."""
    line: str = request["params"]["arguments"]["line"]
    sys.stdout.buffer.write(line.encode("latin-1") + b"\n")
    sys.stdout.flush()


def defer(request: Json) -> None:
    """Take the call on as a task."""
    reply(request, task={"taskId": "t-1", "status": "working", "ttl": None})


TOOLS: dict[str, Callable[[Json], None]] = {
    each.__name__: each
    for each in (
        echo, fail, unknown, progress, ask, spontaneous, spawn, grumble, die, twice, huge, flood,
        narrate, farewell, hang, crash, notifications, odd, touch, require, half, mute, garbage,
        stranger, write, defer, log,
    )
}  # fmt: skip


def initialize(request: Json) -> None:
    """Agree on the client's version; as a modern server, refuse."""
    if MODERN in sys.argv:
        data = {"supported": [VERSION]}
        send({"id": request["id"], "error": {"code": -32022, "message": "no", "data": data}})
    else:
        version = request["params"]["protocolVersion"]
        reply(request, protocolVersion=version, capabilities=OFFERED)


def discover(request: Json) -> None:
    """Answer a probe; as a legacy server, stay silent."""
    if MODERN in sys.argv:
        reply(request, supportedVersions=[VERSION], capabilities=OFFERED)
    else:
        received.append(request)


def listen(request: Json) -> None:
    """Open a stream of changes."""
    wanted = subscriptions[request["id"]] = request["params"]["notifications"]
    params = {"_meta": {SUBSCRIPTION: request["id"]}, "notifications": wanted}
    send({"method": "notifications/subscriptions/acknowledged", "params": params})


def list_tools(request: Json) -> None:
    """List nothing; as a modern server, say how long that is fresh."""
    reply(request, tools=[], **({"ttlMs": 5000} if MODERN in sys.argv else {}))


def set_level(request: Json) -> None:
    """Log from then on."""
    levels.append(request["params"]["level"])
    reply(request)


def subscribe(request: Json) -> None:
    """Subscribe to updates of a resource."""
    uris.append(request["params"]["uri"])
    reply(request)


def describe_task(request: Json) -> None:
    """The task that was taken on is done by now."""
    reply(request, taskId=request["params"]["taskId"], status="completed", ttl=None)


def other(message: Json) -> None:
    """Refuse an unknown request; remember what is none."""
    if "id" in message and "method" in message:
        send({"id": message["id"], "error": {"code": -32601, "message": "not in this server"}})
    else:
        received.append(message)


METHODS = {
    "initialize": initialize,
    "server/discover": discover,
    "subscriptions/listen": listen,
    "tools/list": list_tools,
    "logging/setLevel": set_level,
    "resources/subscribe": subscribe,
    "tasks/get": describe_task,
    "tasks/result": fail,
}
OF_LEGACY = ("logging/setLevel", "resources/subscribe")


def serve() -> None:
    """Answer until the input ends."""
    while True:
        incoming = receive()
        for message in incoming if isinstance(incoming, list) else [incoming]:
            take(message)


def take(message: Json) -> None:
    """Answer one message."""
    method = message.get("method", "")
    if method == "initialize" and STRICT in sys.argv:
        sys.argv.remove(STRICT)
    if STRICT in sys.argv:
        if "GATE" in os.environ:
            Path(os.environ["GATE"]).read_bytes()
        os._exit(1)
    if method == "tools/call":
        TOOLS[message["params"]["name"]](message)
    elif MODERN in sys.argv and method in OF_LEGACY:
        other(message)
    else:
        METHODS.get(method, other)(message)


if __name__ == "__main__":
    serve()
