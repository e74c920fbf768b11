"""The only sockets and processes; `port` says what these and the rest expect of each other.

The client's side: `http_server`, whose connections `crowd` counts. The server's side over HTTP:
`http_client`, whose connections `pool` keeps; over a process: `child`, which `sharing` and `hub`
share out among sessions. A link carries one session's messages: `sse_link` to an HTTP+SSE server
(by `delivery`), `streamable_link` and `modern_link` to a streamable HTTP one (by `asking`), in the
order that `lane` keeps. `inquiry` is a question of the proxy's own.
"""
