"""What is worth knowing: catalogue -> signals -> panels -> boards.

A signal is a question with its answer in PromQL: title, description of a bad value, unit, limit
and expressions. Boards only choose and place signals; they write no PromQL.
`calls` and `tools` hold what callers feel, `proxies` what the proxy itself does, `arrival`,
`collector` and `prometheus` whether the numbers can be trusted, `indicators` what rules computed.
"""
