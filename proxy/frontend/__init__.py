"""Requests of clients on their way to an upstream.

`dispatcher` reads each request and passes it on; `mounts` chooses among several servers.
`authenticator` checks bearer tokens: fixed ones, or JSON Web Tokens (`jwt_middleware`). A token is
never forwarded: the specification forbids it ("Token Passthrough"). `stdio_server` serves one
client on stdin and stdout; `admin` serves metrics and health; `payload_log` logs redacted messages.
"""
