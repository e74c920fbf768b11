"""A stdio MCP server that says whatever it is told to, then answers; run it as a script.

The argument `modern` makes it speak 2026-07-28. A call's `arguments.say` is a text in Base64, in
which ID stands for the call's id; it is sent as it is before the answer.
"""

import base64
import json
import sys

ID = b'"the id of the last request"'
GREETING = {"protocolVersion": "2025-06-18", "supportedVersions": ["2026-07-28"]}


def answer(request: dict[str, object]) -> dict[str, object]:
    """What belongs to a request."""
    modern = sys.argv[1] == "modern"
    if request["method"] == ("initialize" if modern else "server/discover"):
        return {"error": {"code": -32601, "message": "no"}}
    return {"result": {**GREETING, "capabilities": {"tools": {}}, "content": []}}


def serve() -> None:
    """Answer until the input ends."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "method" not in request or "id" not in request:
            continue
        told = request.get("params", {}).get("arguments", {}).get("say", "")
        text = base64.b64decode(told).replace(ID, json.dumps(request["id"]).encode())
        whole = json.dumps({"jsonrpc": "2.0", "id": request["id"], **answer(request)}).encode()
        sys.stdout.buffer.write((text + b"\n" if told else b"") + whole + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve()
