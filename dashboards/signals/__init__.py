"""What is worth knowing: catalogue -> signals -> panels -> boards.

A signal is a question with its answer in PromQL: title, description of a bad value, unit, limit
and expressions. Boards only choose and place signals; they write no PromQL.
`calls` holds what callers feel, `proxy` what the proxy itself does, `pipeline` whether the
numbers can be trusted.
"""
