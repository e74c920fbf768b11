"""The instrumented MCP proxy: bytes -> message -> effects -> upstream -> bytes.

Stands in front of one MCP server and tells, by Prometheus and OpenTelemetry, what every call
came to. `wire` frames and decodes, `session` decides and `eras` translates between protocol
revisions (no sockets, no clock), `transports` hold the only sockets and processes, `access` says
who may call, `telemetry` counts and traces. `server` puts it all together; a request goes by
`gate` and `relay` to the way that `upstreams` chose for the server:

    http_eras    streamable HTTP: http_upstream and exchange pass bytes, or one of the next two
    era_upstream stdio and HTTP+SSE: session_upstream and conversation for clients with sessions,
                 modern_upstream, channel and visit for those of 2026-07-28

Imports no other room: it runs with the rest of the repository deleted.
"""
