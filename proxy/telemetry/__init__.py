"""Measuring, kept out of relaying: catalogue -> ledger -> {exposition, otlp}; tracing beside.

The catalogue says what exists, the ledger counts it once per call, and both roads out
(`/metrics` and OTLP) are projections of that one ledger, so they cannot disagree.
"""
