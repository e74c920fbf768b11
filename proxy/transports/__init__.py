"""The only sockets and processes.

`http_server` is the client's side; `http_client` is the upstream's over HTTP, whose connections
`pool` keeps; `child` is the upstream's over a process. `port` is what these and the relay expect
of each other.
"""
