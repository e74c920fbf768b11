"""Metrics and traces: catalogue -> ledger -> projection -> {prometheus, otlp}.

The catalogue defines every metric, the ledger counts, and both ways out (`/metrics` and OTLP) are
projected from the ledger, so that they agree. `tracing` builds the spans of sampled calls.
"""
