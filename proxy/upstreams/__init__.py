"""One MCP server, as the dispatcher sees it; `base` defines the interface.

passthrough  streamable HTTP to streamable HTTP: bytes are forwarded, outcomes are read from them
sessions     a session bridge for each client session, over a transport of its own
cross_era    clients and servers of different eras, and the choice between all of these
"""
