"""The two eras of MCP, and what crosses between them; pure: no socket, no clock.

Legacy revisions (2024-11-05 to 2025-11-25) open a session by `initialize`; the modern one
(2026-07-28) is stateless. versions -> keys -> request -> { rules, headers } -> opening (which era
does the server speak?) -> { modern_server, legacy_server } for modern clients, legacy_client for
the others. Each of the last three takes messages of both sides and returns effects.
"""
