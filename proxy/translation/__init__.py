"""Translation between the two eras of MCP; pure: no I/O and no clock.

Legacy revisions (2024-11-05 to 2025-11-25) open a session by `initialize`; the modern one
(2026-07-28) is stateless. `opening` detects the era of a server; `modern_server` and
`legacy_server` serve modern clients, `legacy_client` the others: each takes messages of both sides
and returns effects. `translation_matrix` lists what is done with every kind of message.
"""
