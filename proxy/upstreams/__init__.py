"""The server's side: a client's message in, its answer out, whatever the server speaks.

upstream          what the relay asks of any of them; `assembly` chooses by the settings
http_upstream     streamable HTTP: bytes pass, and an exchange watches those of each request
session_upstream  stdio and HTTP+SSE: a conversation for each session, over a link of its own
modern_upstream   clients without sessions (2026-07-28): visits, over channels that they share
era_upstream      both kinds of clients before a stdio or HTTP+SSE server
http_eras         both before streamable HTTP: http_upstream, or one of the two in between
"""
