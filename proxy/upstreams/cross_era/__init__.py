"""Clients and servers of different protocol eras.

`detector` finds out which eras an HTTP server speaks; `era_router` and `http_router` choose an
upstream for each request. `legacy_bridge` translates a legacy client's session for a modern server;
`channel_pool` serves modern clients over a `shared_channel`, one `stateless_request` at a time.
"""
