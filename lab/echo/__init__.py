"""A small MCP server whose answers are known beforehand: the upstream of the demo and of tests.

`messages` decides what one JSON-RPC message comes to, without socket or clock; `stdio`,
`sse` and `streamable_http` carry that out on MCP's transports. Protocol revisions 2024-11-05 to
2025-11-25. Run it with `python -m lab.echo --help`.
"""
