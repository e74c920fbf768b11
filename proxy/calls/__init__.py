"""Calls: what a client asks, what becomes of it, and who is told.

`post` is a client's message with the calls in it, `books` tell ledger and tracer what each came to;
`call_log` and `payloads` tell the log.
"""
