"""The instrumented MCP proxy: bytes -> message -> effects -> upstream -> bytes.

Stands in front of one MCP server and tells, by Prometheus and OpenTelemetry, what every call
came to. `wire` frames and decodes, `session` decides and `eras` translates between protocol
revisions (no sockets, no clock), `transports` hold the only sockets and processes, `access` says
who may call, `telemetry` counts and traces, `calls` knows what each came to. `server` puts it all
together; a request goes by `gate` and `relay` to the way that `upstreams` chose for the server.

Imports no other room: it runs with the rest of the repository deleted.
"""
