"""A small MCP server whose answers are known beforehand: the upstream of the demo and of tests.

`messages` decides what one JSON-RPC message comes to, without socket or clock; `stdio` and
`streamable_http` carry that out on the two standard transports. Protocol revisions 2025-03-26 to
2025-11-25. Run it with `python -m lab.echo --help`.
"""
