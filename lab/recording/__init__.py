"""Recordings of JSON-RPC sessions: the file format, what is redacted, and the calls in it. Pure.

`lab.record` writes them; `lab.replay`, `lab.load` and tests read them.
"""
