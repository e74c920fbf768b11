"""The instrumented MCP proxy: bytes -> message -> effects -> upstream -> bytes.

Stands in front of one MCP server and tells, by Prometheus and OpenTelemetry, what every call
came to. `wire` frames and decodes, `session` decides and `eras` translates between protocol
revisions (no sockets, no clock), `transports` hold the only sockets and processes, `relay`
performs, `telemetry` counts and traces.
Imports no other room: it runs with the rest of the repository deleted.
"""
