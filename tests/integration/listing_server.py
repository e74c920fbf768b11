"""A stdio MCP server that answers `tools/list` with bytes that a test names; run it as a script.

The argument is the text of `result`, its characters as bytes.
"""

import json
import os
import sys

RESULT = sys.argv[1].encode("latin-1")
OPENED = b'{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"pid":%d}' % os.getpid()

for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = RESULT if message["method"] == "tools/list" else OPENED
        number = json.dumps(message["id"]).encode()
        sys.stdout.buffer.write(b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (number, result))
        sys.stdout.flush()
