"""A stdio MCP server that lists tools with schemas, and fails calls that break them; a script."""

import json
import sys
from typing import Any

TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOLS = [
    {"name": "echo", "inputSchema": TEXT},
    {"name": "fail", "inputSchema": {"type": "object"}},
]


def result(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """The result of a request; a call of a tool that is not listed has none."""
    if method == "initialize":
        info = {"name": "failing-tools", "version": "1"}
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
    if method != "tools/call":
        return {"tools": TOOLS}
    fits = isinstance(params.get("arguments", {}).get("text"), str)
    return {"content": [], "isError": params["name"] == "fail" or not fits}


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
    named = message.get("params", {})
    if named.get("name") == "absent":
        answer["error"] = {"code": -32602, "message": "unknown tool"}
    else:
        answer["result"] = result(message["method"], named)
    print(json.dumps(answer), flush=True)
