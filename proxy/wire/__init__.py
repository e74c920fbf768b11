"""Framing and decoding without I/O: no asyncio, no socket, no clock.

`head`, `request`, `response` and `chunked` are HTTP/1.1; `event_stream` and `lines` cut a stream
into messages; `endpoint` reads where HTTP+SSE messages go. `jsonrpc` decodes of a `message` only
what routing and labels need, `abridged` of a long one too; `fields` takes one apart into raw
values, `trace_meta` so puts a trace context in; `depth` tells how deep they nest. Imports nothing
of ours but `errors`.
"""
