"""An MCP server over stdio with as many tools as its argument says, a third of each class.

A call fails if its arguments say so.
"""

import json
import sys
from typing import Any

Json = dict[str, Any]

_CLASSES = ({"readOnlyHint": True}, {"destructiveHint": True}, {"destructiveHint": False})


def listed(number: int) -> Json:
    """The definition of one tool."""
    annotations = _CLASSES[number % len(_CLASSES)]
    schema = {"type": "object"}
    return {"name": f"tool-{number:02}", "inputSchema": schema, "annotations": annotations}


def answer(request: Json, tools: int) -> Json:
    """The result of a request."""
    parameters = request.get("params", {})
    if request["method"] == "initialize":
        about = {"name": "many-tools", "version": "1"}
        version = parameters["protocolVersion"]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
    if request["method"] == "tools/list":
        return {"tools": [listed(number) for number in range(tools)]}
    if request["method"] == "tools/call":
        failed = "fail" in parameters.get("arguments", {})
        return {"content": [{"type": "text", "text": "done"}], "isError": failed}
    return {}


def main() -> None:
    """Answer every request until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            result = answer(request, int(sys.argv[1]))
            print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)


if __name__ == "__main__":
    main()
