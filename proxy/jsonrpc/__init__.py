"""JSON-RPC messages of MCP; no I/O.

`codec` decodes the parts of a `message` that routing and labels need, `truncated` those of a long
one. `members` splits an object into raw values, so that `trace_meta` can set a trace context
without touching the rest. `ndjson` is the framing of stdio, `methods` lists the names that MCP
defines. `ambiguity`, `depth` and `repair` deal with input that parsers read differently.
"""
