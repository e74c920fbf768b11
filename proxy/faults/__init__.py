"""Faults that are switched on while the proxy runs.

`injections` is the file of those that are on; `names` and `levels` are what it may say, `effects`
what each does to a request. `active_faults` are those of one server; `connector` puts a `transport`
of its `kinds` before each real one, which gives `answers` as a server with the faults would.
"""
