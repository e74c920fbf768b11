"""A small MCP server with predictable responses, for the demo and for tests.

`messages` maps a JSON-RPC message to an action, without I/O; `stdio`, `sse` and `streamable_http`
perform it. Protocol versions 2024-11-05 to 2025-11-25. See `python -m lab.echo --help`.
"""
