"""Records the JSON-RPC sessions that pass a proxy before an MCP server; see docs/recordings.md."""
