"""The instrumented MCP proxy: one process in front of one or more MCP servers.

It records the outcome of each call with Prometheus and OpenTelemetry. Packages, each of which
imports only those before it:

jsonrpc      JSON-RPC messages: decoding, framing, MCP method names
telemetry    the metric catalogue, the ledger, tracing; `otlp` exports both
http         HTTP/1.1: heads, bodies, SSE; connections of clients and to servers; request policy
translation  between MCP protocol eras; pure
transports   sessions with a server: stdio, streamable HTTP, HTTP+SSE
calls        a client's request, and the recorder of call outcomes
upstreams    one server: HTTP pass-through, sessions; `cross_era` translates
frontend     dispatching requests; authentication, admin endpoints, stdio clients
app          settings, and the running program

The package imports nothing else of this repository.
"""
