"""The only sockets and processes.

`http_server` is the client's side, `http_client` the upstream's over HTTP, `child` and `stdio`
the upstream's over a child process. `port` is what they and the relay expect of each other.
"""
