"""An MCP client with calls of known outcomes, and light traffic of endless sessions."""
