"""Recording rules, and the names of recorded series. RECORDINGS has default thresholds."""

from dashboards.recordings.catalogue import RECORDINGS, recordings

__all__ = ["RECORDINGS", "recordings"]
