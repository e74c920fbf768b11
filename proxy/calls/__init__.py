"""Calls: what a client asks, what becomes of it, and who is told.

`post` is a client's message with the calls in it, `verdict` says what each came to and whose
fault that is, `books` tell ledger and tracer; `call_log` and `payloads` tell the log.
"""
