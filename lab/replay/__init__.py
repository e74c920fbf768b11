"""Replays recorded sessions: the clients against a server, or the server for clients."""
