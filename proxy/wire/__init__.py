"""Framing and decoding without I/O: no asyncio, no socket, no clock.

`head`, `chunked` are HTTP/1.1; `event_stream` and `lines` cut a stream into messages; `jsonrpc`
decodes of a `message` only what routing and labels need; `trace_meta` splices a trace context
into the bytes of one; `depth` tells how deep they nest. Imports nothing of ours but `errors`.
"""
