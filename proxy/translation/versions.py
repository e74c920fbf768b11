"""Protocol revisions, and the era that each belongs to."""

from enum import StrEnum
from typing import Final

LEGACY_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Revisions that open a session by `initialize`, oldest first."""
LATEST_LEGACY = LEGACY_VERSIONS[-1]
MODERN_VERSION: Final = "2026-07-28"
"""The stateless revision: each request carries all that the server needs."""


class Era(StrEnum):
    """How a party opens: by a session, or not at all (2026-07-28, "Versioning", Terminology)."""

    LEGACY = "legacy"
    MODERN = "modern"


def era_of(header: str, meta: str) -> Era:
    """The era of a request, by its MCP-Protocol-Version header and its `_meta` version.

    A version in `_meta` is modern by itself; revisions are dates, so an unknown later one is
    modern too.
    """
    return Era.MODERN if meta or header >= MODERN_VERSION else Era.LEGACY
