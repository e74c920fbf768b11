"""HTTP/1.1, both sides; `interfaces` is what requests and responses are passed through.

`head`, `chunked`, `sse`, `request` and `response` parse and write, without I/O. `server` reads
clients' requests, which `request_policy` accepts or rejects by their head; `client` and `pool` send
requests to a server; `fetch` collects one response.
"""
