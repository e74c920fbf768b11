"""The two eras of MCP, and what crosses between them; pure: no socket, no clock.

Legacy revisions (2024-11-05 to 2025-11-25) open a session by `initialize`; the modern one
(2026-07-28) is stateless. versions -> keys -> request -> { headers, parameters, rules, said } ->
opening (which era does the server speak?) -> { modern_server, legacy_server } for modern clients,
legacy_client for the others; each of these three takes messages of both sides and returns effects.
`crossings` says as data what becomes of every kind of message.
"""
