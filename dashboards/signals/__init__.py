"""What is worth knowing: catalogue -> signals -> panels -> boards.

A signal is a question with its answer in PromQL: title, description of a bad value, unit, limit
and expressions. Boards only choose and place signals; they write no PromQL.
`calls`, `tools` and `durations` hold what callers feel, `fleet` and `usage` the same of many
servers and tools as rules recorded it, `sessions`, `proxies`, `cost` and `load` what passes the
proxy and at what price, `resources` what it runs on, `freshness`, `collector` and `prometheus`
whether the numbers can be trusted, `slis` and `slo` what rules computed.
"""
